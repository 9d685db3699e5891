// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/exchange.h"

#include <QTimer>

namespace gatehouse {

namespace {

/// A key may be made for some models only, by the names that callers use.
Result<void> checkAllowed(const Caller &caller, const QByteArray &model)
{
    if (!caller.key || mayUse(caller.key->models, model))
        return {};
    return Error{.code = ErrorCode::Forbidden,
                 .message =
                     Exchange::tr("This key may not use the model '%1'.").arg(QString::fromUtf8(model)),
                 .param = "model",
                 .reason = "model_not_allowed"};
}

} // namespace

Exchange::Exchange(Ticket &ticket, ModelRouter &models, const Clock &clock)
    : m_ticket(ticket)
    , m_models(models)
    , m_clock(clock)
{}

void Exchange::start(ChatRequest request)
{
    m_estimate.emplace(request);
    m_ticket.record().inference.emplace();
    const QByteArray model = request.model;
    const QByteArray routeKey = request.routeKey;
    m_models.resolve(model, routeKey, this,
                     [this, request = std::move(request)](const Result<ResolvedModel> &resolved) mutable {
                         open(std::move(request), resolved);
                     });
}

void Exchange::open(ChatRequest request, const Result<ResolvedModel> &resolved)
{
    const Result<void> allowed =
        resolved ? checkAllowed(m_ticket.record().caller, resolved->model) : resolved.error();
    if (!allowed) {
        // The router may answer at once; its caller has no answer to show an event in yet.
        QTimer::singleShot(0, this, [this, error = allowed.error()] { fail(error); });
        return;
    }
    InferenceRecord &inference = *m_ticket.record().inference;
    inference.model = resolved->model;
    inference.route = resolved->routeKey;
    inference.handedOver = m_clock.now();
    inference.usage =
        m_estimate->usage(); // The prompt is read even if the caller leaves before the first token.
    request.model = resolved->model;
    m_stream = resolved->backend->open(request);
    connect(m_stream.get(), &ChatStream::event, this, &Exchange::observe);
    if (m_paused)
        m_stream->pause();
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

void Exchange::observe(const ChatEvent &happened)
{
    if (const auto *failed = std::get_if<AnswerFailed>(&happened))
        return fail(failed->error);
    if (std::holds_alternative<AnswerCompleted>(happened))
        return complete();
    note(happened);
    const auto *started = std::get_if<AnswerStarted>(&happened);
    if (started && started->model.isEmpty()) // Some upstreams never say who answers.
        Q_EMIT event(AnswerStarted{.model = m_ticket.record().inference->model});
    else
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
    if (std::holds_alternative<AnswerStarted>(happened))
        return;
    if (!inference.firstToken)
        inference.firstToken = m_clock.now();
    m_estimate->observe(happened);
    // Kept up to date, because the record may be settled from outside at any moment: the caller may leave.
    if (!m_hasUsage)
        inference.usage = m_estimate->usage();
}

void Exchange::complete()
{
    if (!m_hasUsage) {
        m_ticket.record().inference->usage = m_estimate->usage();
        Q_EMIT event(UsageReported{m_estimate->usage()});
    }
    m_ticket.answered();
    Q_EMIT event(AnswerCompleted{});
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
