// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/inquiry.h"

#include "api/caller_watch.h"
#include "api/lane_context.h"
#include "exchange/usage_estimate.h"

namespace gatehouse {

Inquiry::Inquiry(Ticket &ticket, LaneContext &context, QObject *parent)
    : QObject(parent)
    , m_ticket(ticket)
    , m_context(context)
{
    connect(&context, &LaneContext::closing, this, [this] {
        breakOff({.code = ErrorCode::Overloaded,
                  .message = tr("The server is going down."),
                  .retryAfter = std::chrono::seconds(5)});
    });
}

void Inquiry::start(Question question)
{
    m_question = std::move(question);
    if (auto &temperature = m_question.request.sampling.temperature; !temperature)
        temperature = m_context.settings()->model.temperature;
    // Work that could not be accounted for is not begun.
    if (!m_context.store().hasRoom())
        return breakOff({.code = ErrorCode::Overloaded,
                         .message = tr("The ledger can't be written to."),
                         .retryAfter = std::chrono::seconds(5)});
    if (!m_question.session)
        return reserve({});
    if (!m_context.store().isHealthy() || m_context.store().isBehind())
        return breakOff({.code = ErrorCode::Overloaded,
                         .message = tr("The database can't keep up."),
                         .retryAfter = std::chrono::seconds(5)});
    recall();
}

void Inquiry::recall()
{
    SessionTranscript::recall(m_context, *m_question.session, this,
                              [this](const Result<QList<Message>> &history) {
                                  if (m_over)
                                      return;
                                  if (!history)
                                      return breakOff(history.error());
                                  reserve(*history);
                              });
}

void Inquiry::reserve(QList<Message> history)
{
    const Caller &caller = m_ticket.record().caller;
    const ChatRequest &request = m_question.request;
    qint64 promptTokens = UsageEstimate(request).usage().promptTokens;
    if (!history.isEmpty())
        promptTokens += UsageEstimate({.input = Conversation{history}}).usage().promptTokens;
    m_context.limiter().reserve(m_context.limitSubject({}, caller), promptTokens,
                                expectedAnswerTokens(request), this,
                                [this, history = std::move(history)](Decision<Reserved> decision) mutable {
                                    if (m_over)
                                        return;
                                    if (const auto *refusal = std::get_if<Refusal>(&decision)) {
                                        m_over = m_told = true;
                                        Q_EMIT refused(*refusal);
                                        return;
                                    }
                                    auto &granted = std::get<Reserved>(decision);
                                    m_ticket.hold(std::move(granted.reservation));
                                    Q_EMIT reserved(granted.figures);
                                    ask(std::move(history));
                                });
}

void Inquiry::ask(QList<Message> history)
{
    const ChatRequest &request = m_question.request;
    if (m_question.session) {
        m_transcript = std::make_unique<SessionTranscript>(
            m_context, SessionUse{.key = *m_question.session, .requestId = m_ticket.record().requestId});
        m_history = history;
    }
    if (bringsConversation(request))
        history.clear();
    m_exchange = std::make_unique<Exchange>(m_ticket, m_context.models(), m_context.clock());
    connect(m_exchange.get(), &Exchange::queued, this, &Inquiry::queued);
    connect(m_exchange.get(), &Exchange::event, this, &Inquiry::show);
    if (m_paused)
        m_exchange->pause();
    const QByteArray conversation =
        m_question.session ? m_question.session->owner + '/' + m_question.session->id : QByteArray();
    m_exchange->start(
        request,
        {.messages = std::move(history), .assumedWindow = m_context.settings()->history.contextTokens},
        conversation);
    auto *watch = new CallerWatch(m_context, m_ticket.record().caller, this);
    connect(watch, &CallerWatch::revoked, this, &Inquiry::breakOff);
    watch->check();
}

void Inquiry::pause()
{
    m_paused = true;
    if (m_exchange)
        m_exchange->pause();
}

void Inquiry::resume()
{
    m_paused = false;
    if (m_exchange)
        m_exchange->resume();
}

void Inquiry::show(const ChatEvent &happened)
{
    if (const auto *failed = std::get_if<AnswerFailed>(&happened))
        return breakOff(failed->error);
    if (std::holds_alternative<AnswerCompleted>(happened))
        return complete(m_ticket.record().inference->finishReason.value_or(FinishReason::Stop));
    m_hasStarted = m_hasStarted || std::holds_alternative<AnswerStarted>(happened);
    if (m_transcript)
        note(happened);
    Q_EMIT event(happened);
}

/// What no model ever began to answer (no such model, an upstream's refusal) is not part of the conversation.
void Inquiry::note(const ChatEvent &happened)
{
    if (std::holds_alternative<AnswerStarted>(happened)) {
        m_transcript->begin(m_question.request, m_history);
        m_history.clear();
    }
    m_transcript->observe(happened);
}

void Inquiry::stop()
{
    if (m_over)
        return;
    m_exchange.reset();
    auto &inference = m_ticket.record().inference;
    if (!inference)
        inference.emplace();
    inference->finishReason = FinishReason::Cancelled;
    m_ticket.answered();
    const Usage used = inference->usage;
    if (!m_hasStarted)
        show(AnswerStarted{.model = inference->model});
    show(ChoiceFinished{.reason = FinishReason::Cancelled});
    show(UsageReported{used});
    complete(FinishReason::Cancelled);
}

void Inquiry::breakOff(const Error &error)
{
    if (!m_over) {
        if (!m_ticket.isSettled()) // The exchange settles its own failures, and may be in the middle of
                                   // telling one.
            m_exchange.reset();
        m_ticket.failed(error);
        if (m_transcript)
            m_transcript->finish(FinishReason::Error, nullptr, {});
    }
    conclude(AnswerFailed{error});
}

/// What is acknowledged is kept: the last event waits for the commit.
void Inquiry::complete(FinishReason reason)
{
    if (!m_transcript)
        return conclude(AnswerCompleted{});
    m_over = true;
    m_transcript->finish(reason, this, [this](const Result<void> &stored) {
        if (stored)
            return conclude(AnswerCompleted{});
        Error error = stored.error();
        error.message = tr("The answer could not be stored in its session.");
        conclude(AnswerFailed{std::move(error)});
    });
}

void Inquiry::conclude(const ChatEvent &last)
{
    m_over = true;
    if (!std::exchange(m_told, true))
        Q_EMIT event(last);
}

} // namespace gatehouse
