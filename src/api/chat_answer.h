// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/key_ring.h"
#include "api/call.h"
#include "dialects/openai/answer_encoder.h"
#include "exchange/exchange.h"

#include <QTimer>

namespace gatehouse {

class LaneContext;

/// Shows one exchange to the caller: its events through the dialect's encoder into the sink, as server-sent
/// events or as one folded body. Keeps a silent stream alive by comments, and pauses the exchange while the
/// reader can't keep up. A child of its Call.
class ChatAnswer : public QObject
{
    Q_OBJECT
public:
    ChatAnswer(Call &call, LaneContext &context, openai::AnswerEncoder encoder);

    /// Ends the answer if its caller's key or user has been revoked since it was let in.
    void checkCaller(const KeyRing &keys);

    void start(ChatRequest request);

private:
    void show(const ChatEvent &event);
    void fail(const Error &error);
    void breakOff(const Error &error);
    void finish(const QByteArray &bytes);
    void send(const QByteArray &bytes);
    void beat();

    Call &m_call;
    const Clock &m_clock;
    openai::AnswerEncoder m_encoder;
    std::unique_ptr<Exchange> m_exchange; ///< Null once the lane is closing.
    bool m_streams = false;
    QTimer m_heartbeat;
    std::chrono::milliseconds m_beatInterval;
    MonotonicTime m_lastSent;
};

} // namespace gatehouse
