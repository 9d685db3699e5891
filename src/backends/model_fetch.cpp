// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/model_fetch.h"

#include "backends/route_request.h"
#include "dialects/openai/upstream_error.h"

#include <QFuture>

#include <algorithm>

namespace gatehouse {

QFuture<ModelFetch::Models> ModelFetch::start(HttpClient &http, UpstreamRequest request, Decoder decode,
                                              QObject *parent)
{
    UpstreamTimeouts &limits = request.timeouts;
    limits.read = std::min<std::chrono::milliseconds>(limits.read, std::chrono::seconds(5));
    limits.total = limits.connect + limits.read;
    request.method = "GET";
    addHeader(request, "Accept", "application/json");
    auto *fetch = new ModelFetch(http.send(request), decode, parent);
    return fetch->m_promise.future();
}

ModelFetch::ModelFetch(UpstreamReplyPtr reply, Decoder decode, QObject *parent)
    : QObject(parent)
    , m_reply(std::move(reply))
    , m_decode(decode)
{
    m_promise.start();
    connect(m_reply.get(), &UpstreamReply::dataReceived, this, &ModelFetch::onData);
    connect(m_reply.get(), &UpstreamReply::finished, this, &ModelFetch::onFinished);
    connect(m_reply.get(), &UpstreamReply::failed, this, [this](const Error &error) { settle(error); });
}

void ModelFetch::onData(const QByteArray &bytes)
{
    if (m_body.size() + bytes.size() > maxBytes)
        return settle(openai::garbageError(QStringLiteral("the list of models is too long")));
    m_body += bytes;
}

void ModelFetch::onFinished()
{
    const int status = m_reply->status();
    if (status < 200 || status > 299)
        settle(openai::decodeError(status, m_body));
    else
        settle(m_decode(m_body));
}

void ModelFetch::settle(const Models &models)
{
    m_reply.reset();
    deleteLater();
    QPromise<Models> promise = std::move(m_promise); // Whoever hears of it may end this object's parent.
    promise.addResult(models);
    promise.finish();
}

} // namespace gatehouse
