// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/credential_gate.h"

#include <QCoreApplication>
#include <QUrl>

namespace gatehouse {

namespace {

/// The key of `Bearer <key>` (RFC 6750 §2.1; the scheme's case doesn't matter), else empty.
QByteArrayView bearerToken(QByteArrayView authorization)
{
    constexpr QByteArrayView scheme = "bearer ";
    if (authorization.size() <= scheme.size())
        return {};
    if (authorization.first(scheme.size()).compare(scheme, Qt::CaseInsensitive) != 0)
        return {};
    return authorization.sliced(scheme.size()).trimmed();
}

Error refusal(bool shownOne)
{
    const QString message =
        shownOne ? QCoreApplication::translate("CredentialGate", "This API key is not valid.")
                 : QCoreApplication::translate("CredentialGate",
                                               "An API key is needed: send it as \"Authorization: Bearer "
                                               "<key>\" or \"x-api-key: <key>\".");
    return {.code = ErrorCode::Unauthenticated, .message = message, .reason = "invalid_api_key"};
}

} // namespace

CredentialGate::CredentialGate(const AuthSettings &settings)
    : m_mode(settings.mode)
    , m_apiKey(settings.apiKey)
    , m_trustedProxies(settings.trustedProxies)
{}

Result<Caller> CredentialGate::admit(const Credentials &credentials) const
{
    const QByteArrayView bearer = bearerToken(credentials.authorization);
    const QByteArrayView shown = bearer.isEmpty() ? QByteArrayView(credentials.apiKey) : bearer;
    if (!m_apiKey.isEmpty() && m_apiKey.matches(shown))
        return Caller{.keyId = "static"};
    if (m_mode == AuthMode::Off)
        return Caller{.keyId = "anonymous"};
    // Clients insist on sending some key ("none", "sk-…"); a neighbour needs none, so a useless one does no
    // harm.
    if (m_mode == AuthMode::Local && isTrustedNeighbour(credentials))
        return Caller{.keyId = "local"};
    return refusal(!shown.isEmpty());
}

bool CredentialGate::isTrustedNeighbour(const Credentials &credentials) const
{
    const QHostAddress client = clientAddress(credentials.peer, credentials.forwardedFor, m_trustedProxies);
    return isLoopback(client) && isLocalHostHeader(credentials.host);
}

bool isLocalHostHeader(QByteArrayView host)
{
    if (host.isEmpty())
        return true;
    const QUrl authority(QStringLiteral("//") + QString::fromLatin1(host) + QStringLiteral("/"),
                         QUrl::StrictMode);
    const QString name = authority.host();
    if (name.compare(QStringLiteral("localhost"), Qt::CaseInsensitive) == 0)
        return true;
    const QHostAddress address(name);
    return !address.isNull() && isLoopback(address);
}

} // namespace gatehouse
