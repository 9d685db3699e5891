// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_backend.h"
#include "exchange/context_window.h"
#include "exchange/ticket.h"
#include "exchange/usage_estimate.h"
#include "routing/model_router.h"

#include <QObject>

namespace gatehouse {

/// One request to a model and its answer: resolve → open → observe → settle. Whoever shows the answer
/// connects to event(); destroying the exchange stops the work behind it at once and leaves the ticket to its
/// owner. Lives in one lane.
class Exchange : public QObject
{
    Q_OBJECT
public:
    /// Ticket, router and clock outlive the exchange.
    Exchange(Ticket &ticket, ModelRouter &models, const Clock &clock);

    /// Begins; no event comes before it has returned. Called once. As much of the history as the model's
    /// window has room for goes in front of the request's messages; where the model says that it was too much
    /// all the same, it is asked again with less.
    void start(ChatRequest request, History history = {});

    void pause();
    void resume();

Q_SIGNALS:
    /// Every event of the answer, in order, after it was counted; a failure to resolve or open comes as
    /// AnswerFailed, too. Usage is always told before AnswerCompleted: the backend's, or an estimate. When
    /// the last event comes, the ticket has been settled.
    void event(const gatehouse::ChatEvent &event);

private:
    void open(const Result<ResolvedModel> &resolved);
    void ask();
    [[nodiscard]] bool askWithLess(const Error &error);
    void observe(const ChatEvent &event);
    void note(const ChatEvent &event);
    void complete();
    void fail(const Error &error);

    Ticket &m_ticket;
    ModelRouter &m_models;
    const Clock &m_clock;
    ChatRequest m_request; ///< Without history, as asked; kept as long as it may be asked again.
    History m_history;
    ResolvedModel m_resolved;
    qint64 m_room = 0;    ///< For history, in tokens.
    qsizetype m_sent = 0; ///< Messages, history included.
    std::optional<UsageEstimate> m_estimate;
    ChatStreamPtr m_stream;
    bool m_hasUsage = false;
    bool m_paused = false;
};

} // namespace gatehouse
