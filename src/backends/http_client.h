// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "config/settings.h"

#include <QByteArray>
#include <QList>
#include <QObject>
#include <QUrl>

#include <memory>
#include <utility>

namespace gatehouse {

struct UpstreamRequest
{
    QByteArray method = "POST";
    QUrl url;
    QList<std::pair<QByteArray, QByteArray>> headers;
    QByteArray body;
    UpstreamTimeouts timeouts;
    bool streaming = false; ///< The answer is a stream: `total` bounds only the wait for its first byte,
                            ///< unless written down.
};

/// One answer of an upstream on its way. Lives in the thread of its client.
class UpstreamReply : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    virtual void pause() = 0;
    virtual void resume() = 0;
    virtual void cancel() = 0; ///< Closes the upstream connection at once; no signal follows. Idempotent.

    [[nodiscard]] virtual int status() const = 0; ///< 0 before headReceived().
    [[nodiscard]] virtual QByteArray header(const QByteArray &name) const = 0;

Q_SIGNALS:
    void headReceived();
    void dataReceived(const QByteArray &bytes);
    void finished();                            ///< The answer is complete as its framing says.
    void failed(const gatehouse::Error &error); ///< UpstreamUnreachable, UpstreamTimeout or UpstreamFailed.
};

struct UpstreamReplyDeleter
{
    void operator()(UpstreamReply *reply) const
    {
        reply->disconnect();
        reply->cancel();
        reply->deleteLater();
    }
};
using UpstreamReplyPtr = std::unique_ptr<UpstreamReply, UpstreamReplyDeleter>;

/// How backends talk HTTP. One a lane. The seam behind which a leaner client can take the place of
/// QNetworkAccessManager.
class HttpClient
{
public:
    virtual ~HttpClient() = default;
    /// No signal before it has returned. Redirects are not followed; nothing is decompressed; no cookies, no
    /// cache, no system proxy.
    [[nodiscard]] virtual UpstreamReplyPtr send(const UpstreamRequest &request) = 0;
};

} // namespace gatehouse
