// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/web_socket_gate.h"

namespace gatehouse {

namespace {

constexpr QByteArrayView protocolName = "gatehouse.v1";
constexpr QByteArrayView keyPrefix = "key.";
constexpr QByteArrayView keyParameter = "api_key=";
constexpr QByteArrayView bearerScheme = "bearer ";

bool showsKeyInFields(const Headers &headers)
{
    const QByteArray authorization = headers.value("authorization").value_or(QByteArray());
    return authorization.first(qMin(authorization.size(), bearerScheme.size())).toLower() == bearerScheme ||
           !headers.value("x-api-key").value_or(QByteArray()).trimmed().isEmpty();
}

QByteArrayList offeredSubprotocols(const Headers &headers)
{
    QByteArrayList names = headers.values("sec-websocket-protocol").join(',').split(',');
    for (QByteArray &name : names)
        name = name.trimmed();
    return names;
}

QByteArray keyInSubprotocols(const QByteArrayList &offered)
{
    if (!offered.contains(protocolName))
        return {};
    for (const QByteArray &name : offered) {
        if (name.startsWith(keyPrefix))
            return name.sliced(keyPrefix.size());
    }
    return {};
}

QByteArray keyInQuery(const QByteArray &query)
{
    for (const QByteArray &parameter : query.split('&')) {
        if (parameter.startsWith(keyParameter))
            return QByteArray::fromPercentEncoding(parameter.sliced(keyParameter.size()));
    }
    return {};
}

} // namespace

SocketHandshake readHandshake(Request request)
{
    const QByteArrayList offered = offeredSubprotocols(request.headers);
    if (!showsKeyInFields(request.headers)) {
        const QByteArray offeredKey = keyInSubprotocols(offered);
        request.headers.remove("x-api-key");
        request.headers.add("x-api-key", offeredKey.isEmpty() ? keyInQuery(request.query) : offeredKey);
    }
    request.headers.remove("sec-websocket-protocol");
    request.query.clear();
    return {.request = std::move(request),
            .subprotocol = offered.contains(protocolName) ? protocolName.toByteArray() : QByteArray()};
}

void HandshakeSink::send(const Response &response)
{
    if (std::exchange(m_isSent, true))
        return;
    if (response.status == 101)
        m_decide(m_subprotocol);
    else
        m_decide(response);
}

} // namespace gatehouse
