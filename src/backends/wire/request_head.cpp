// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/request_head.h"

#include <algorithm>
#include <array>

namespace gatehouse {

namespace {

/// RFC 9110, 5.6.2.
bool isToken(const QByteArray &text)
{
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (c != '\0' && QByteArrayView("!#$%&'*+-.^_`|~").contains(c));
    });
}

bool isFieldValue(const QByteArray &text)
{
    return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool isNamed(const QByteArray &name, const char *other)
{
    return name.compare(other, Qt::CaseInsensitive) == 0;
}

/// Those that the client writes itself; twice they could make one request two.
bool isOfClient(const QByteArray &name)
{
    static constexpr std::array own = {"Host", "Content-Length", "Transfer-Encoding", "Connection",
                                       "Upgrade"};
    return std::any_of(own.begin(), own.end(), [&name](const char *other) { return isNamed(name, other); });
}

} // namespace

bool isSendable(const UpstreamRequest &request)
{
    const QString scheme = request.url.scheme();
    return (scheme == QLatin1String("http") || scheme == QLatin1String("https")) &&
           !request.url.host().isEmpty() && isToken(request.method) &&
           std::all_of(request.headers.begin(), request.headers.end(), [](const auto &header) {
               return isToken(header.first) && !isOfClient(header.first) && isFieldValue(header.second);
           });
}

QByteArray encodeRequestHead(const UpstreamRequest &request)
{
    constexpr qsizetype typical = 512;
    QByteArray head;
    head.reserve(typical + request.body.size()); // The body is appended to it.
    const QByteArray path = request.url.path(QUrl::FullyEncoded).toLatin1();
    head += request.method + ' ' + (path.isEmpty() ? QByteArray("/") : path);
    if (request.url.hasQuery())
        head += '?' + request.url.query(QUrl::FullyEncoded).toLatin1();
    head += " HTTP/1.1\r\nHost: " +
            request.url.adjusted(QUrl::RemoveUserInfo).authority(QUrl::FullyEncoded).toLatin1() + "\r\n";
    const bool namesAgent =
        std::any_of(request.headers.begin(), request.headers.end(),
                    [](const auto &header) { return isNamed(header.first, "User-Agent"); });
    if (!namesAgent)
        head += "User-Agent: Gatehouse/" GATEHOUSE_VERSION "\r\n";
    head += "Accept-Encoding: identity\r\n";
    for (const auto &[name, value] : request.headers)
        head += name + ": " + value + "\r\n";
    if (request.method != "GET")
        head += "Content-Length: " + QByteArray::number(request.body.size()) + "\r\n";
    head += "\r\n";
    return head;
}

} // namespace gatehouse
