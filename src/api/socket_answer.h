// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/inquiry.h"
#include "dialects/answer_encoder.h"
#include "exchange/ticket.h"

#include <QObject>

#include <optional>

namespace gatehouse {

/// The answer to one message on a WebSocket: passes the gates as any request does, then shows its inquiry,
/// one WebSocket message an event. Lives in the lane; a child of its SocketChat.
class SocketAnswer : public QObject
{
    Q_OBJECT
public:
    /// The context outlives it.
    SocketAnswer(Ticket ticket, std::unique_ptr<AnswerEncoder> encoder, LaneContext &context,
                 QObject *parent);

    /// Called once. Signals may come before it returns.
    void start(Question question);

    void pause() { m_inquiry.pause(); }
    void resume() { m_inquiry.resume(); }
    /// The caller wants no more of it: it ends as cancelled.
    void stop();
    void breakOff(const Error &error) { m_inquiry.breakOff(error); }

Q_SIGNALS:
    void text(const QByteArray &utf8); ///< To be sent.
    void ended();                      ///< Nothing follows.

private:
    void refuse(const Refusal &refusal);
    void show(const ChatEvent &event);

    Ticket m_ticket;
    const std::unique_ptr<AnswerEncoder> m_encoder;
    LaneContext &m_context;
    Inquiry m_inquiry;
    bool m_stopped = false; ///< Before the inquiry had begun.
};

} // namespace gatehouse
