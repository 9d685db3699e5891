// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/http_client.h"
#include "base/result.h"
#include "chat/chat_backend.h"

#include <QPromise>

namespace gatehouse {

/// Asks an upstream for its models. Frees itself when it is through, or goes with its parent; the future is
/// then cancelled.
class ModelFetch : public QObject
{
    Q_OBJECT
public:
    using Models = Result<QList<ModelInfo>>;
    using Decoder = Models (*)(QByteArrayView body);

    /// The longest list that is read: OpenRouter's is 0.6 MB.
    static constexpr qsizetype maxBytes = 16 * 1024 * 1024;

    /// Finishes within the connect timeout and the read timeout, the latter at most five seconds.
    [[nodiscard]] static QFuture<Models> start(HttpClient &http, UpstreamRequest request, Decoder decode,
                                               QObject *parent);

private:
    ModelFetch(UpstreamReplyPtr reply, Decoder decode, QObject *parent);
    void onData(const QByteArray &bytes);
    void onFinished();
    void settle(const Models &models);

    UpstreamReplyPtr m_reply;
    Decoder m_decode;
    QPromise<Models> m_promise;
    QByteArray m_body;
};

} // namespace gatehouse
