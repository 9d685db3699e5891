// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"
#include "chat/chat_request.h"
#include "store/session_repository.h"

#include <QObject>

#include <functional>

namespace gatehouse {

class LaneContext;

/// Which session a request belongs to, and who asks.
struct SessionUse
{
    SessionKey key;
    QByteArray requestId;
};

/// What one request adds to its session (contract §3): first what the caller said, then the answer, whole or
/// as far as it came. The store does both in this order, so an answer that is stored has its question before
/// it. Lives in the lane, with the answer; destroyed before finish(), it stores the answer as broken off.
class SessionTranscript
{
public:
    /// The context outlives it.
    SessionTranscript(LaneContext &context, SessionUse use);
    ~SessionTranscript();
    Q_DISABLE_COPY_MOVE(SessionTranscript)

    /// What was said before, as the model is to hear it again; `done` isn't called once `receiver` has gone.
    static void recall(LaneContext &context, const SessionKey &key, QObject *receiver,
                       std::function<void(Result<QList<Message>>)> done);

    /// Stores those of the request's messages that the session doesn't have yet. A request that brings
    /// answers along brings its whole conversation: only what follows the last answer is new. Called once,
    /// before anything else.
    void begin(const ChatRequest &request, const QList<Message> &history);

    /// Gathers the answer.
    void observe(const ChatEvent &event);

    /// Stores the answer, if begin() was called. `done` tells in `receiver`'s thread that everything is
    /// committed; not once that has gone.
    void finish(FinishReason reason, QObject *receiver, std::function<void(const Result<void> &)> done);

private:
    enum class Opening { Allowed, Never };
    void append(QList<MessageRecord> messages, Opening opening, QObject *receiver,
                std::function<void(const Result<void> &)> done);
    void gather(const QByteArray &text);
    void gather(const ToolCallDelta &delta);
    [[nodiscard]] MessageRecord answer(FinishReason reason) const;

    LaneContext &m_context;
    const SessionUse m_use;
    QString m_title;
    QByteArray m_text;
    QList<ToolCall> m_toolCalls;
    QByteArray m_model;
    Usage m_usage;
    /// A failure to store the question; shared with the store's reply, which may come after this has gone.
    std::shared_ptr<std::optional<Error>> m_failure = std::make_shared<std::optional<Error>>();
    bool m_begun = false;
    bool m_isOpen = false; ///< The session was opened, or is there.
    bool m_finished = false;
};

/// Whether a request brings its conversation along: then nothing is put before it.
[[nodiscard]] bool bringsConversation(const ChatRequest &request);

} // namespace gatehouse
