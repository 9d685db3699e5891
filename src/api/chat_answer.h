// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/call.h"
#include "api/inquiry.h"
#include "dialects/answer_encoder.h"
#include "exchange/response_cache.h"

#include <QTimer>

namespace gatehouse {

/// How an answer over HTTP is spelled.
struct AnswerSpelling
{
    std::unique_ptr<AnswerEncoder> encoder;
    /// Whether others wait for the same answer, or may be given it later. Of answers in one piece only.
    std::unique_ptr<ResponseCache::Flight> flight = {};
};

/// Shows one inquiry to its caller over HTTP: its events through the dialect's encoder into the sink, as
/// server-sent events or as one folded body. Keeps a silent stream alive by comments, tells one that waits
/// for a busy route its place in the queue, and pauses the inquiry while the reader can't keep up. A child of
/// its Call.
class ChatAnswer : public QObject
{
    Q_OBJECT
public:
    ChatAnswer(Call &call, LaneContext &context, AnswerSpelling spelling);

    void start(Question question);

private:
    void show(const ChatEvent &event);
    void refuse(const Refusal &refusal);
    void fail(const Error &error);
    void finish(const QByteArray &bytes);
    void send(const QByteArray &bytes);
    void quiet();
    void beat();
    void beginToWait();
    void tellPlace();

    Call &m_call;
    const Clock &m_clock;
    AnswerSpelling m_spelling;
    Inquiry m_inquiry;
    bool m_streams = false;
    QTimer m_heartbeat;
    QTimer m_placeTimer; ///< Until the answer begins, if it has to wait.
    qsizetype m_toldPlace = 0;
    std::chrono::milliseconds m_beatInterval;
    MonotonicTime m_lastSent;
};

} // namespace gatehouse
