// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/http_client.h"
#include "unit/backends/event_log.h"

#include <QPointer>

#include <vector>

namespace gatehouse {

/// A reply that tells what the test lets it tell, at once.
class FakeReply final : public UpstreamReply
{
public:
    void pause() override { isPaused = true; }
    void resume() override { isPaused = false; }
    void cancel() override { isCancelled = true; }
    [[nodiscard]] int status() const override { return m_status; }
    [[nodiscard]] QByteArray header(const QByteArray &name) const override
    {
        for (const auto &[known, value] : m_headers) {
            if (known.compare(name, Qt::CaseInsensitive) == 0)
                return value;
        }
        return {};
    }

    using Headers = QList<std::pair<QByteArray, QByteArray>>;
    void head(int status, const Headers &headers)
    {
        m_status = status;
        m_headers = headers;
        Q_EMIT headReceived();
    }
    void data(const QByteArray &bytes) { Q_EMIT dataReceived(bytes); }
    void finish() { Q_EMIT finished(); }
    void fail(ErrorCode code) { Q_EMIT failed({.code = code, .message = QStringLiteral("failed")}); }

    bool isPaused = false;
    bool isCancelled = false;

private:
    int m_status = 0;
    Headers m_headers;
};

class FakeHttpClient final : public HttpClient
{
public:
    [[nodiscard]] UpstreamReplyPtr send(const UpstreamRequest &request) override
    {
        requests.push_back(request);
        auto *reply = new FakeReply;
        replies.emplace_back(reply);
        return UpstreamReplyPtr(reply);
    }
    [[nodiscard]] QByteArray header(const QByteArray &name) const
    {
        for (const auto &[known, value] : requests.back().headers) {
            if (known == name)
                return value;
        }
        return {};
    }
    [[nodiscard]] FakeReply *reply() const { return replies.back(); }

    std::vector<UpstreamRequest> requests;
    std::vector<QPointer<FakeReply>> replies;
};

inline const FakeReply::Headers eventStream{{"Content-Type", "text/event-stream; charset=utf-8"}};
inline const FakeReply::Headers jsonBody{{"Content-Type", "application/json"}};

} // namespace gatehouse
