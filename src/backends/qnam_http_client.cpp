// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/qnam_http_client.h"

#include "backends/wire/qnam_reply.h"
#include "backends/wire/request_head.h"

#include <QNetworkProxy>
#include <QNetworkRequest>
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
#include <QHttp1Configuration>
#endif

namespace gatehouse {

namespace {

constexpr int connectionsPerManager = 6; // What Qt allows one host; see the class.

/// A request that can't be sent at all.
class UnsendableReply final : public UpstreamReply
{
public:
    UnsendableReply() { QMetaObject::invokeMethod(this, &UnsendableReply::tell, Qt::QueuedConnection); }
    void pause() override {}
    void resume() override {}
    void cancel() override { m_cancelled = true; }
    [[nodiscard]] int status() const override { return 0; }
    [[nodiscard]] QByteArray header(const QByteArray &) const override { return {}; }

private:
    void tell()
    {
        if (!m_cancelled)
            Q_EMIT failed({.code = ErrorCode::UpstreamUnreachable,
                           .message = QStringLiteral(
                               "The upstream's address or a header for it is not one that HTTP knows")});
    }
    bool m_cancelled = false;
};

QByteArray originOf(const QUrl &url)
{
    return url.toEncoded(QUrl::RemoveUserInfo | QUrl::RemovePath | QUrl::RemoveQuery | QUrl::RemoveFragment);
}

/// What QNetworkAccessManager would do of its own accord, and a gateway must not.
void switchOffBrowserHabits(QNetworkRequest &request)
{
    using Request = QNetworkRequest;
    request.setAttribute(Request::RedirectPolicyAttribute, Request::ManualRedirectPolicy);
    request.setAttribute(Request::CookieLoadControlAttribute, Request::Manual);
    request.setAttribute(Request::CookieSaveControlAttribute, Request::Manual);
    request.setAttribute(Request::AuthenticationReuseAttribute, Request::Manual);
    request.setAttribute(Request::CacheSaveControlAttribute, false);
    request.setAttribute(Request::Http2AllowedAttribute, false);
    request.setRawHeader("User-Agent", "Gatehouse/" GATEHOUSE_VERSION);
    request.setRawHeader("Accept-Language", "*");
    // Named by us, it also switches decompression off, for an upstream that compresses all the same.
    request.setRawHeader("Accept-Encoding", "identity");
}

void limitConnections(QNetworkRequest &request, bool secure)
{
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    QHttp1Configuration configuration;
    configuration.setNumberOfConnectionsPerHost(secure ? connectionsPerManager : 1);
    request.setHttp1Configuration(configuration);
#else
    Q_UNUSED(request)
    Q_UNUSED(secure)
#endif
}

} // namespace

QnamHttpClient::QnamHttpClient() = default;
QnamHttpClient::~QnamHttpClient() = default;

UpstreamReplyPtr QnamHttpClient::send(const UpstreamRequest &upstream)
{
    if (!isSendable(upstream))
        return UpstreamReplyPtr(new UnsendableReply);
    const bool secure = upstream.url.scheme() == QLatin1String("https");

    ConnectionSlots::Lease slot = m_slots.lease(originOf(upstream.url));
    QNetworkRequest request(upstream.url.adjusted(QUrl::RemoveUserInfo));
    switchOffBrowserHabits(request);
    limitConnections(request, secure);
    if (!secure)
        request.setPeerVerifyName(QString::number(slot.number()));
    for (const auto &[name, value] : upstream.headers)
        request.setRawHeader(name, value);

    const int index = secure ? slot.number() / connectionsPerManager : 0;
    QNetworkAccessManager &network = manager(static_cast<size_t>(index));
    RequestBody *body = nullptr;
    QNetworkReply *reply = nullptr;
    if (upstream.method == "GET") {
        reply = network.get(request);
    } else {
        body = new RequestBody(upstream.body);
        reply = upstream.method == "POST" ? network.post(request, body)
                                          : network.sendCustomRequest(request, upstream.method, body);
        body->setParent(reply);
    }
    return UpstreamReplyPtr(new QnamReply(upstream, reply, body, std::move(slot)));
}

QNetworkAccessManager &QnamHttpClient::manager(size_t index)
{
    while (m_managers.size() <= index) {
        m_managers.push_back(std::make_unique<QNetworkAccessManager>());
        m_managers.back()->setProxy(QNetworkProxy::NoProxy);
        m_managers.back()->setAutoDeleteReplies(false);
    }
    return *m_managers[index];
}

} // namespace gatehouse
