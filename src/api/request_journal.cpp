// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/request_journal.h"

#include "api/http_status.h"
#include "metrics/metrics.h"
#include "store/store.h"

#include <QVarLengthArray>

namespace gatehouse {

namespace {

/// What the log and the ledger call the answer's status: what was sent, but 499 for a caller that left first,
/// and what an error would have been told as where nothing was sent.
int statusOf(const RequestRecord &record)
{
    if (record.outcome == Outcome::Abandoned)
        return 499;
    if (record.status != 0)
        return record.status;
    return record.error ? httpStatus(*record.error) : 200;
}

double milliseconds(MonotonicTime::duration duration)
{
    return std::chrono::duration<double, std::milli>(duration).count();
}

QByteArray outcomeName(const RequestRecord &record)
{
    switch (record.outcome) {
    case Outcome::Answered:
        return "ok";
    case Outcome::Failed:
        return record.error ? errorCodeName(record.error->code) : "failed";
    case Outcome::Abandoned:
        return "cancelled";
    }
    Q_UNREACHABLE();
}

/// How many times a route was asked. Of failures, those that say nothing of the route aren't among the failed
/// attempts.
qsizetype attemptsOf(const RequestRecord &record)
{
    const InferenceRecord &inference = *record.inference;
    const QList<FailedAttempt> &failed = inference.failedAttempts;
    const bool hasLastFailed =
        record.outcome != Outcome::Answered && !failed.isEmpty() && failed.last().route == inference.route;
    return failed.size() + (hasLastFailed ? 0 : 1);
}

/// Which routes failed first, and how: `box1: upstream_unreachable, box2: upstream_failed`.
QByteArray failuresOf(const InferenceRecord &inference)
{
    QByteArrayList failures;
    for (const FailedAttempt &attempt : inference.failedAttempts)
        failures.append(attempt.route + ": " + errorCodeName(attempt.error.code));
    return failures.join(", ");
}

/// A method is the caller's to choose, so only the known ones become labels. `WS` is one message on a
/// WebSocket.
QByteArray methodLabel(const QByteArray &method)
{
    static const QByteArrayList known{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WS"};
    return known.contains(method) ? method : QByteArray("other");
}

} // namespace

void RequestJournal::began(const RequestRecord &)
{
    m_metrics.exchangeBegan();
}

void RequestJournal::settled(const RequestRecord &record)
{
    const int status = statusOf(record);
    if (record.isKept)
        keep(record, status);
    m_metrics.exchangeEnded();
    count(record, status);
    write(record, status);
}

void RequestJournal::keep(const RequestRecord &record, int status)
{
    LedgerRow row{.at = record.wallStart,
                  .requestId = record.requestId,
                  .keyId = record.caller.keyId,
                  .method = record.method,
                  .endpoint = record.endpoint,
                  .status = status,
                  .error = record.outcome == Outcome::Answered ? QByteArray() : outcomeName(record),
                  .responseMs = milliseconds(record.end - record.start)};
    if (const auto &inference = record.inference) {
        // A name that only the caller vouches for is not kept: the roll-ups remember every name for ever.
        const bool isRejected = record.error && record.error->code == ErrorCode::UpstreamRejected;
        row.model = isRejected ? QByteArray() : inference->model;
        row.route = inference->route;
        row.promptTokens = inference->usage.promptTokens;
        row.completionTokens = inference->usage.completionTokens;
        row.cachedTokens = inference->usage.cachedTokens;
        row.tokensEstimated = inference->usage.estimated;
        if (inference->firstToken)
            row.firstTokenMs = milliseconds(*inference->firstToken - inference->handedOver);
    }
    if (const auto kept = m_store.record(row); !kept)
        m_log.error("request not kept", {{"request_id", record.requestId},
                                         {"reason", kept.error().message.toUtf8()},
                                         {"detail", kept.error().detail.toUtf8()}});
}

void RequestJournal::count(const RequestRecord &record, int status)
{
    m_metrics.count({.method = methodLabel(record.method),
                     .endpoint = record.endpoint,
                     .status = status,
                     .duration = record.end - record.start});
    if (!record.inference)
        return;
    const InferenceRecord &inference = *record.inference;
    for (const FailedAttempt &attempt : inference.failedAttempts)
        m_metrics.count(AttemptFacts{.route = attempt.route, .error = errorCodeName(attempt.error.code)});
    if (inference.model.isEmpty() || inference.fromCache)
        return;
    InferenceFacts facts{.model = inference.model,
                         .route = inference.route,
                         .outcome = outcomeName(record),
                         .duration = record.end - inference.handedOver,
                         .timeToFirstToken = {},
                         .promptTokens = inference.usage.promptTokens,
                         .completionTokens = inference.usage.completionTokens,
                         .waited = inference.waited};
    if (inference.firstToken)
        facts.timeToFirstToken = *inference.firstToken - inference.handedOver;
    m_metrics.count(facts);
}

void RequestJournal::write(const RequestRecord &record, int status)
{
    QVarLengthArray<LogField, 20> fields{{"request_id", record.requestId},
                                         {"method", record.method},
                                         {"endpoint", record.endpoint},
                                         {"status", qint64(status)},
                                         {"latency_ms", milliseconds(record.end - record.start)},
                                         {"key_id", record.caller.keyId},
                                         {"client", record.client.toString().toLatin1()}};
    if (record.error) {
        fields.append({"error", QByteArray(errorCodeName(record.error->code))});
        if (!record.error->detail.isEmpty())
            fields.append({"detail", record.error->detail.toUtf8()});
    }
    if (const auto &inference = record.inference) {
        fields.append({"model", inference->model});
        fields.append({"route", inference->route});
        fields.append({"prompt_tokens", inference->usage.promptTokens});
        fields.append({"completion_tokens", inference->usage.completionTokens});
        if (inference->usage.estimated)
            fields.append({"tokens_estimated", true});
        if (inference->fromCache)
            fields.append({"from_cache", true});
        if (const qsizetype attempts = attemptsOf(record); attempts > 1) {
            fields.append({"attempts", qint64(attempts)});
            fields.append({"failed_routes", failuresOf(*inference)});
        }
        const bool isOther = !inference->askedModel.isEmpty() && inference->askedModel != inference->model;
        if (isOther && !inference->model.isEmpty())
            fields.append({"asked_model", inference->askedModel});
        if (inference->waited.count() > 0)
            fields.append({"waited_ms", qint64(inference->waited.count())});
        if (inference->firstToken)
            fields.append({"first_token_ms", milliseconds(*inference->firstToken - inference->handedOver)});
    }
    // Of an address that is shut out, the refusals before tell enough.
    const bool isShutOut = record.error && record.error->reason == "address_blocked";
    const auto level = status >= 500 ? LogLevel::Warning : isShutOut ? LogLevel::Debug : LogLevel::Info;
    m_log.write(level, "request", {fields.data(), static_cast<std::size_t>(fields.size())});
}

} // namespace gatehouse
