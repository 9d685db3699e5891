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

void Exchange::start(ChatRequest request, History history)
{
    m_estimate.emplace(request);
    m_ticket.record().inference.emplace();
    m_request = std::move(request);
    m_history = std::move(history);
    m_models.resolve(m_request.model, m_request.routeKey, this,
                     [this](const Result<ResolvedModel> &resolved) { open(resolved); });
}

void Exchange::open(const Result<ResolvedModel> &resolved)
{
    const Result<void> allowed =
        resolved ? checkAllowed(m_ticket.record().caller, resolved->model) : resolved.error();
    if (!allowed) {
        // The router may answer at once; its caller has no answer to show an event in yet.
        QTimer::singleShot(0, this, [this, error = allowed.error()] { fail(error); });
        return;
    }
    m_resolved = *resolved;
    m_request.model = resolved->model;
    if (!m_history.messages.isEmpty()) {
        const qint64 window = m_models.contextLength(m_resolved);
        m_room = roomForHistory(m_request, window > 0 ? window : m_history.assumedWindow);
    }
    ask();
}

void Exchange::ask()
{
    ChatRequest request = m_request;
    if (!m_history.messages.isEmpty()) {
        auto &messages = std::get<Conversation>(request.input).messages;
        messages = withHistory(m_history.messages, messages, m_room);
        m_sent = messages.size();
    }
    m_estimate.emplace(request);
    InferenceRecord &inference = *m_ticket.record().inference;
    inference.model = m_resolved.model;
    inference.route = m_resolved.routeKey;
    inference.handedOver = m_clock.now();
    inference.usage =
        m_estimate->usage(); // The prompt is read even if the caller leaves before the first token.
    m_stream = m_resolved.backend->open(request);
    connect(m_stream.get(), &ChatStream::event, this, &Exchange::observe);
    if (m_paused)
        m_stream->pause();
}

/// Tokens are only estimated here, and a window may be smaller than its server says.
bool Exchange::askWithLess(const Error &error)
{
    // OpenAI's word, and llama-server's.
    const bool isTooLong =
        error.reason == "context_length_exceeded" || error.reason == "exceed_context_size_error";
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

void Exchange::observe(const ChatEvent &happened)
{
    if (const auto *failed = std::get_if<AnswerFailed>(&happened)) {
        if (!askWithLess(failed->error))
            fail(failed->error);
        return;
    }
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
