// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/http_client.h"

#include <algorithm>

namespace gatehouse {

/// Everything that one reply told, in order.
class ReplyLog : public QObject
{
public:
    explicit ReplyLog(UpstreamReplyPtr reply)
        : m_reply(std::move(reply))
    {
        connect(m_reply.get(), &UpstreamReply::headReceived, this, [this] {
            story += 'h';
            status = m_reply->status();
            contentType = m_reply->header("content-type");
        });
        connect(m_reply.get(), &UpstreamReply::dataReceived, this, [this](const QByteArray &bytes) {
            if (!story.endsWith('d'))
                story += 'd';
            if (keepBody)
                body += bytes;
            received += bytes.size();
            largest = std::max(largest, bytes.size());
        });
        connect(m_reply.get(), &UpstreamReply::finished, this, [this] { story += 'f'; });
        connect(m_reply.get(), &UpstreamReply::failed, this, [this](const Error &told) {
            story += 'x';
            error = told;
        });
    }

    [[nodiscard]] UpstreamReply &reply() { return *m_reply; }
    [[nodiscard]] bool isOver() const { return story.endsWith('f') || story.endsWith('x'); }
    void drop() { m_reply.reset(); }

    QByteArray story; ///< h(ead), d(ata; a run of it once), f(inished), x (failed).
    int status = 0;
    QByteArray contentType;
    QByteArray body;
    qint64 received = 0;
    qsizetype largest = 0;
    bool keepBody = true;
    Error error;

private:
    UpstreamReplyPtr m_reply;
};

inline UpstreamRequest postTo(const QUrl &url, bool streaming = false)
{
    UpstreamRequest request;
    request.url = url;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = R"({"model":"m","messages":[]})";
    request.streaming = streaming;
    return request;
}

} // namespace gatehouse
