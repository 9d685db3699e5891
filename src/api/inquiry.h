// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/limiter.h"
#include "api/session_transcript.h"
#include "exchange/exchange.h"

#include <QObject>

#include <memory>
#include <optional>

namespace gatehouse {

class LaneContext;

/// What somebody asks of a model, and the session that it belongs to, if any.
struct Question
{
    ChatRequest request;
    std::optional<SessionKey> session = {};
};

/// One question to a model and all that surrounds the exchange: room in the ledger, the session's history,
/// the limits that want to know how much is asked for, the caller's revocation, and what is kept of the
/// answer. Whatever way it ends, the ticket has been settled, and what belongs to a session is committed,
/// before the last event. Whoever shows the answer connects to the signals first. Destroying it stops the
/// work at once and leaves the ticket to its owner. Lives in a lane.
class Inquiry : public QObject
{
    Q_OBJECT
public:
    /// Ticket and context outlive it.
    Inquiry(Ticket &ticket, LaneContext &context, QObject *parent);

    /// Called once. Signals may come before it returns.
    void start(Question question);

    void pause();
    void resume();

    /// The caller wants no more: the answer ends here, complete, with FinishReason::Cancelled.
    void stop();

    /// Ends the answer with this failure.
    void breakOff(const Error &error);

    /// How many requests will be served before this one, and itself: 1, 2, …; 0: it doesn't wait for a route.
    [[nodiscard]] qsizetype placeInQueue() const { return m_exchange ? m_exchange->placeInQueue() : 0; }

Q_SIGNALS:
    /// The request holds its share of the key's limits; what is left of them.
    void reserved(const gatehouse::RateFigures &figures);
    /// The end: a limit is used up. The ticket is not settled: a refusal may have its own form.
    void refused(const gatehouse::Refusal &refusal);
    /// As Exchange::queued.
    void queued();
    /// As Exchange::event.
    void event(const gatehouse::ChatEvent &event);

private:
    void recall();
    void reserve(QList<Message> history);
    void ask(QList<Message> history);
    void show(const ChatEvent &event);
    void note(const ChatEvent &event);
    void complete(FinishReason reason);
    void conclude(const ChatEvent &last);

    Ticket &m_ticket;
    LaneContext &m_context;
    Question m_question;
    std::unique_ptr<SessionTranscript> m_transcript;
    QList<Message> m_history; ///< Until the transcript has begun.
    std::unique_ptr<Exchange> m_exchange;
    bool m_paused = false;
    bool m_hasStarted = false;
    bool m_over = false; ///< Nothing more is asked of anybody; the last event may still wait for the store.
    bool m_told = false; ///< The last event was told.
};

} // namespace gatehouse
