// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/exchange.h"

#include "admission/limits/address_key.h"
#include "exchange/affinity.h"
#include "routing/route_failure.h"

#include <QPointer>
#include <QTimer>

namespace gatehouse {

namespace {

/// Who takes turns with others at a busy route. Callers without a key share an id, but not their turns: these
/// go by address, as their limits do.
QByteArray payerOf(const RequestRecord &record)
{
    const QByteArray &id = record.caller.keyId;
    const bool isShared = id == localCallerId || id == anonymousCallerId;
    return isShared ? id + '@' + QByteArray::number(addressKey(record.client), 16) : id;
}

} // namespace

Exchange::Exchange(Ticket &ticket, ModelRouter &models, const Clock &clock)
    : m_ticket(ticket)
    , m_clock(clock)
    , m_search(models, clock)
{
    // Queued, because the first place may have to be waited for while start() still runs.
    connect(&m_search, &RouteSearch::queued, this, &Exchange::queued, Qt::QueuedConnection);
    connect(&m_search, &RouteSearch::queued, this, [this] {
        m_ticket.record().inference->model = m_search.model(); // He may leave while he waits.
    });
}

void Exchange::start(ChatRequest request, History history, const QByteArray &affinity)
{
    m_estimate.emplace(request);
    const RequestRecord &record = m_ticket.record();
    m_ticket.record().inference = InferenceRecord{.askedModel = request.model};
    m_request = std::move(request);
    m_history = std::move(history);
    const qint64 tokens = m_estimate->usage().promptTokens + expectedAnswerTokens(m_request);
    m_search.begin({.caller = record.caller,
                    .payer = payerOf(record),
                    .tokens = std::max<qint64>(1, tokens),
                    .affinity = affinityOf(m_request, affinity),
                    .isEmbedding = std::holds_alternative<EmbeddingInput>(m_request.input)},
                   m_request.model, m_request.routeKey,
                   [this](Result<RouteSearch::Found> found) { take(std::move(found)); });
}

void Exchange::take(Result<RouteSearch::Found> found)
{
    m_ticket.record().inference->waited = m_search.waited();
    if (!found) {
        InferenceRecord &inference = *m_ticket.record().inference;
        if (inference.model.isEmpty()) // Nobody was asked, but it is known for what.
            inference.model = m_search.model();
        // It may be known at once; the caller has no answer to show an event in yet.
        QTimer::singleShot(0, this, [this, error = found.error()] { fail(error); });
        return;
    }
    m_found = std::move(*found);
    if (!m_history.messages.isEmpty())
        m_room = roomForHistory(m_request,
                                m_found.contextLength > 0 ? m_found.contextLength : m_history.assumedWindow);
    ask();
}

void Exchange::ask()
{
    ChatRequest request = m_request;
    request.model = m_found.candidate.upstreamModel;
    if (!m_history.messages.isEmpty()) {
        auto &messages = std::get<Conversation>(request.input).messages;
        messages = withHistory(m_history.messages, messages, m_room);
        m_sent = messages.size();
    }
    m_estimate.emplace(request);
    m_started.reset();
    InferenceRecord &inference = *m_ticket.record().inference;
    inference.model = m_found.model;
    inference.route = m_found.candidate.routeKey;
    inference.handedOver = m_clock.now();
    inference.usage =
        m_estimate->usage(); // The prompt is read even if the caller leaves before the first token.
    m_stream = m_found.candidate.backend->open(request);
    connect(m_stream.get(), &ChatStream::event, this, &Exchange::observe);
    if (m_paused)
        m_stream->pause();
}

/// Tokens are only estimated here, and a window may be smaller than its server says.
bool Exchange::askWithLess(const Error &error)
{
    const bool isTooLong = routeFailure(error) == RouteFailure::TooLong;
    if (!isTooLong || m_history.messages.isEmpty() || m_ticket.record().inference->firstToken)
        return false;
    const auto &own = std::get<Conversation>(m_request.input).messages;
    const auto less = [&] {
        return withHistory(m_history.messages, own, m_room).size();
    };
    while (m_room > 0 && less() == m_sent)
        m_room /= 2;
    if (less() == m_sent) // The system message, which is never left out, or nothing.
        return false;
    ask();
    return true;
}

void Exchange::pause()
{
    m_paused = true;
    if (m_stream)
        m_stream->pause();
}

void Exchange::resume()
{
    m_paused = false;
    if (m_stream)
        m_stream->resume();
}

qsizetype Exchange::placeInQueue() const
{
    return m_search.placeInQueue();
}

void Exchange::observe(const ChatEvent &happened)
{
    if (const auto *failed = std::get_if<AnswerFailed>(&happened))
        return onFailure(failed->error);
    if (const auto *started = std::get_if<AnswerStarted>(&happened)) {
        m_started = *started;
        return;
    }
    if (!m_hasTold)
        m_found.place.succeeded();
    if (std::holds_alternative<AnswerCompleted>(happened))
        return complete();
    note(happened);
    tell(happened);
}

void Exchange::onFailure(const Error &error)
{
    if (askWithLess(error))
        return;
    if (routeFailure(error) != RouteFailure::None)
        m_ticket.record().inference->failedAttempts.append(
            {.route = m_found.candidate.routeKey, .error = error});
    m_found.place.failed(error);
    m_stream.reset();
    m_hasTold ? fail(error) : m_search.goOn(error);
}

void Exchange::tell(const ChatEvent &happened)
{
    m_hasTold = true;
    if (m_started) {
        AnswerStarted started = *std::exchange(m_started, std::nullopt);
        // Some upstreams never say who answers, and some know the model by a name that callers don't.
        if (started.model.isEmpty() || m_found.candidate.upstreamModel != m_found.model)
            started.model = m_found.model;
        const QPointer<Exchange> self(this);
        Q_EMIT event(started);
        if (!self)
            return;
    }
    Q_EMIT event(happened);
}

void Exchange::note(const ChatEvent &happened)
{
    InferenceRecord &inference = *m_ticket.record().inference;
    if (const auto *reported = std::get_if<UsageReported>(&happened)) {
        inference.usage = reported->usage;
        m_hasUsage = true;
        return;
    }
    if (const auto *finished = std::get_if<ChoiceFinished>(&happened)) {
        inference.finishReason = finished->reason;
        return;
    }
    if (!inference.firstToken)
        inference.firstToken = m_clock.now();
    m_estimate->observe(happened);
    // Kept up to date, because the record may be settled from outside at any moment: the caller may leave.
    if (!m_hasUsage)
        inference.usage = m_estimate->usage();
}

void Exchange::complete()
{
    m_found.place = {}; // Whoever waits for it needn't wait for the ledger.
    if (!m_hasUsage) {
        m_ticket.record().inference->usage = m_estimate->usage();
        tell(UsageReported{m_estimate->usage()});
    }
    m_ticket.answered();
    tell(AnswerCompleted{});
}

void Exchange::fail(const Error &error)
{
    InferenceRecord &inference = *m_ticket.record().inference;
    if (!m_hasUsage && !inference.firstToken)
        inference.usage = {}; // Nobody worked.
    m_ticket.failed(error);
    Q_EMIT event(AnswerFailed{error});
}

} // namespace gatehouse
