// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_backend.h"
#include "exchange/context_window.h"
#include "exchange/route_search.h"
#include "exchange/ticket.h"
#include "exchange/usage_estimate.h"

#include <QObject>

namespace gatehouse {

/// One request to a model and its answer: resolve → wait for a place → open → observe → settle. A route that
/// fails before the caller was told anything is followed by the next one of its pool, and these by the
/// model's fallbacks. Whoever shows the answer connects to event(); destroying the exchange stops the work
/// behind it at once and leaves the ticket to its owner. Lives in one lane.
class Exchange : public QObject
{
    Q_OBJECT
public:
    /// Ticket, router and clock outlive the exchange.
    Exchange(Ticket &ticket, ModelRouter &models, const Clock &clock);

    /// Begins; no event comes before it has returned. Called once. As much of the history as the model's
    /// window has room for goes in front of the request's messages; where the model says that it was too much
    /// all the same, it is asked again with less. `affinity` names the conversation that the request belongs
    /// to (empty: its beginning does): one conversation stays with one route of a pool, as long as that can.
    void start(ChatRequest request, History history = {}, const QByteArray &affinity = {});

    void pause();
    void resume();

    /// How many requests will be served before this one, and itself: 1, 2, …; 0: it doesn't wait.
    [[nodiscard]] qsizetype placeInQueue() const;

Q_SIGNALS:
    /// The routes are busy, and the request waits for a place. At most once, and after start() has returned.
    void queued();
    /// Every event of the answer, in order, after it was counted; a failure to resolve or open comes as
    /// AnswerFailed, too. Usage is always told before AnswerCompleted: the backend's, or an estimate. When
    /// the last event comes, the ticket has been settled.
    void event(const gatehouse::ChatEvent &event);

private:
    void take(Result<RouteSearch::Found> found);
    void ask();
    [[nodiscard]] bool askWithLess(const Error &error);
    void observe(const ChatEvent &event);
    void onFailure(const Error &error);
    void note(const ChatEvent &event);
    void tell(const ChatEvent &event);
    void complete();
    void fail(const Error &error);

    Ticket &m_ticket;
    const Clock &m_clock;
    ChatRequest m_request; ///< Without history, as asked; kept as long as it may be asked again.
    History m_history;
    RouteSearch m_search;
    RouteSearch::Found m_found; ///< Whom the stream asks.
    /// Told with what follows it: as long as the caller has learnt nothing, another route may answer.
    std::optional<AnswerStarted> m_started;
    bool m_hasTold = false;
    qint64 m_room = 0;    ///< For history, in tokens.
    qsizetype m_sent = 0; ///< Messages, history included.
    std::optional<UsageEstimate> m_estimate;
    ChatStreamPtr m_stream;
    bool m_hasUsage = false;
    bool m_paused = false;
};

} // namespace gatehouse
