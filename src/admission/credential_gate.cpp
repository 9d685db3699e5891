// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/credential_gate.h"

#include "admission/sodium_start.h"

#include <QCoreApplication>
#include <QUrl>

namespace gatehouse {

namespace {

struct GateText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::CredentialGate)
};

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

Error refusal(bool shownOne, Access access)
{
    const QString message =
        shownOne ? GateText::tr("This API key or access token is not valid.")
        : access == Access::Admin
            ? GateText::tr("An admin's API key is needed, also on this machine (gatehouse key add --admin): "
                           "send it as "
                           "\"Authorization: Bearer <key>\" or \"x-api-key: <key>\".")
            : GateText::tr("An API key is needed: send it as \"Authorization: Bearer <key>\" or "
                           "\"x-api-key: <key>\".");
    return {.code = ErrorCode::Unauthenticated, .message = message, .reason = "invalid_api_key"};
}

Error needsAdmin()
{
    return {.code = ErrorCode::Forbidden,
            .message = GateText::tr("This needs a credential of role admin."),
            .reason = "insufficient_permissions"};
}

QByteArray stampOf(QByteArrayView hash)
{
    startSodium();
    QByteArray stamp(crypto_generichash_BYTES_MIN, Qt::Uninitialized);
    crypto_generichash(reinterpret_cast<unsigned char *>(stamp.data()), size_t(stamp.size()),
                       reinterpret_cast<const unsigned char *>(hash.data()), quint64(hash.size()), nullptr,
                       0);
    return stamp.toHex();
}

} // namespace

TokenSubject tokenSubject(const KeyRecord &key)
{
    return {.kind = TokenSubject::Kind::Key, .id = key.id, .stamp = stampOf(key.hash)};
}

TokenSubject tokenSubject(const UserRecord &user)
{
    return {.kind = TokenSubject::Kind::User, .id = user.id, .stamp = stampOf(user.passwordHash)};
}

CredentialGate::CredentialGate(const AuthSettings &settings, std::shared_ptr<const KeyRing> keys,
                               const KeyHasher &hasher, std::shared_ptr<const TokenIssuer> tokens,
                               const Clock &clock)
    : m_mode(settings.mode)
    , m_trustedProxies(settings.trustedProxies)
    , m_keys(std::move(keys))
    , m_hasher(hasher)
    , m_tokens(std::move(tokens))
    , m_clock(clock)
{}

Result<Caller> CredentialGate::admit(const Credentials &credentials, Access access) const
{
    if (access == Access::Public)
        return Caller{};
    const QByteArrayView bearer = bearerToken(credentials.authorization);
    const QByteArrayView apiKey = QByteArrayView(credentials.apiKey).trimmed();
    const QByteArrayView shown = bearer.isEmpty() ? apiKey : bearer;
    Examined examined = examine(shown);
    if (!examined.isMeant && !bearer.isEmpty() &&
        !apiKey.isEmpty()) // Some clients can't help sending a bearer.
        examined = examine(apiKey);
    if (examined.caller) {
        const bool mayEnter = access != Access::Admin || examined.caller->role == CallerRole::Admin;
        return mayEnter ? Result<Caller>(*examined.caller) : needsAdmin();
    }
    // Clients insist on sending some key ("none", "sk-…"): where none is needed, a useless one does no harm.
    if (access == Access::Caller && !examined.isMeant) {
        if (m_mode == AuthMode::Off)
            return Caller{.keyId = anonymousCallerId.toByteArray()};
        if (m_mode == AuthMode::Local && isTrustedNeighbour(credentials))
            return Caller{.keyId = localCallerId.toByteArray()};
    }
    return refusal(!shown.isEmpty(), access);
}

QHostAddress CredentialGate::clientAddress(const Credentials &credentials) const
{
    return gatehouse::clientAddress(credentials.peer, credentials.forwardedFor, m_trustedProxies);
}

std::optional<Caller> CredentialGate::callerByKey(QByteArrayView apiKey) const
{
    const Examined examined = examine(apiKey);
    return examined.caller && !TokenIssuer::looksLikeToken(apiKey) ? examined.caller : std::nullopt;
}

CredentialGate::Examined CredentialGate::examine(QByteArrayView shown) const
{
    if (shown.isEmpty())
        return {};
    // A hash keyed with a secret has nothing to do with the key's bytes for whoever doesn't know the secret,
    // so the time of the look-up tells nothing about how near a wrong key comes.
    const QByteArray hash = m_hasher.hash(shown);
    const auto key = m_keys->byHash(hash);
    if (key && Secret(key->hash).matches(hash))
        return {.caller = callerWith(key), .isMeant = true};
    if (!TokenIssuer::looksLikeToken(shown))
        return {.isMeant = shown.startsWith(keyPrefix)};
    const Result<TokenSubject> subject = m_tokens->verify(shown);
    std::optional<Caller> caller = subject ? callerOf(*subject) : std::nullopt;
    if (caller)
        caller->validUntil = subject->expiresAt;
    return {.caller = std::move(caller), .isMeant = true};
}

std::optional<Caller> CredentialGate::callerWith(const std::shared_ptr<const KeyRecord> &key) const
{
    if (!key->holds(m_clock.wallNow()))
        return {};
    return Caller{.keyId = key->id, .role = key->role, .key = key};
}

std::optional<Caller> CredentialGate::callerOf(const TokenSubject &subject) const
{
    if (subject.kind == TokenSubject::Kind::Key) {
        const auto key = m_keys->keyById(subject.id);
        return key && subject.stamp == tokenSubject(*key).stamp ? callerWith(key) : std::nullopt;
    }
    const auto user = m_keys->userById(subject.id);
    if (!user || !user->isActive || subject.stamp != tokenSubject(*user).stamp)
        return {};
    return Caller{.keyId = user->id, .role = user->role};
}

bool CredentialGate::isTrustedNeighbour(const Credentials &credentials) const
{
    // A proxy on another machine may say that it speaks for loopback, but that is its own.
    return isLoopback(credentials.peer) && isLoopback(clientAddress(credentials)) &&
           isLocalHostHeader(credentials.host);
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
