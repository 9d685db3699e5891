// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/answer_reader.h"
#include "backends/http_client.h"
#include "backends/reply_drain.h"
#include "chat/chat_stream.h"

#include <QPointer>

namespace gatehouse {

/// The answer of an upstream: bytes of an UpstreamReply in, events out, in whatever dialect the reader knows.
/// An answer other than 2xx is AnswerFailed with what its body says.
class UpstreamStream final : public ChatStream
{
    Q_OBJECT
public:
    /// What is read of an error's body.
    static constexpr qsizetype maxErrorBytes = 64 * 1024;

    /// `drain` takes over the reply once the answer is complete; the stream may outlive it.
    UpstreamStream(UpstreamReplyPtr reply, std::unique_ptr<AnswerReader> reader, ReplyDrain &drain);

    void pause() override;
    void resume() override;
    void cancel() override;

private:
    void onHead();
    void onData(const QByteArray &bytes);
    void onFinished();
    void onFailed(const Error &error);
    void goOn();
    void pump();
    void tell(const ChatEvents &events);
    void fail(const Error &error);
    void endOver(bool complete);
    [[nodiscard]] Error refusal() const;

    UpstreamReplyPtr m_reply; ///< Null once no event is to come.
    std::unique_ptr<AnswerReader> m_reader;
    QPointer<ReplyDrain> m_drain;
    QByteArray m_errorBody;
    bool m_refused = false; ///< The status is not 2xx.
    bool m_paused = false;
    bool m_ended = false; ///< The reply has.
};

} // namespace gatehouse
