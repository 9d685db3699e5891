// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/token_issuer.h"

#include "admission/sodium_start.h"
#include "base/id.h"

#include <QCoreApplication>

#include <jwt.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>

namespace gatehouse {

namespace {

constexpr qsizetype mostBytes = 4096; // Ours have some 300; nothing longer is worth a parser's time.
constexpr const char *issuer = "gatehouse";
constexpr const char *userKind = "user";
constexpr const char *keyKind = "key";
constexpr std::chrono::seconds clockSkew{60}; // Between replicas that share a secret.

struct FreeJwt
{
    void operator()(jwt_t *jwt) const { jwt_free(jwt); }
};
using Jwt = std::unique_ptr<jwt_t, FreeJwt>;

struct FreeText
{
    void operator()(char *text) const { std::free(text); }
};

const unsigned char *bytes(QByteArrayView view)
{
    return reinterpret_cast<const unsigned char *>(view.data());
}

qint64 secondsOf(WallTime time)
{
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

bool isBase64Url(QByteArrayView text)
{
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    });
}

/// Header, payload and signature, each in base64url (RFC 7515 §7.1); else empty.
QList<QByteArrayView> partsOf(QByteArrayView token)
{
    QList<QByteArrayView> parts;
    for (qsizetype begin = 0; begin <= token.size() && parts.size() < 4;) {
        const qsizetype dot = token.indexOf('.', begin);
        const qsizetype end = dot < 0 ? token.size() : dot;
        parts.append(token.sliced(begin, end - begin));
        begin = end + 1;
    }
    const bool isWhole = parts.size() == 3 && std::all_of(parts.begin(), parts.end(), isBase64Url);
    return isWhole ? parts : QList<QByteArrayView>();
}

/// libjwt compares signatures by strcmp(), whose time tells how much of a forged one was right
/// (CVE-2024-25189), so it only sees tokens that have passed this.
bool isSigned(const QList<QByteArrayView> &parts, const Secret &secret)
{
    const auto given = QByteArray::fromBase64Encoding(
        parts.at(2).toByteArray(), QByteArray::Base64UrlEncoding | QByteArray::AbortOnBase64DecodingErrors);
    if (!given || given.decoded.size() != crypto_auth_hmacsha256_BYTES)
        return false;
    const QByteArrayView content(parts.at(0).begin(), parts.at(1).end());
    unsigned char right[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, bytes(secret.reveal()), size_t(secret.reveal().size()));
    crypto_auth_hmacsha256_update(&state, bytes(content), quint64(content.size()));
    crypto_auth_hmacsha256_final(&state, right);
    return sodium_memcmp(right, given.decoded.constData(), sizeof right) == 0;
}

/// Null unless `token` is signed by HS256 with `secret`.
Jwt decode(const QByteArray &token, const Secret &secret)
{
    jwt_t *decoded = nullptr;
    const int failed =
        jwt_decode(&decoded, token.constData(), bytes(secret.reveal()), int(secret.reveal().size()));
    Jwt jwt(failed ? nullptr : decoded);
    // libjwt would take "hs256", too.
    const bool isOurs = jwt && jwt_get_alg(jwt.get()) == JWT_ALG_HS256 &&
                        QByteArrayView(jwt_get_header(jwt.get(), "alg")) == "HS256";
    return isOurs ? std::move(jwt) : nullptr;
}

/// Not above zero where there is none, or it is no whole number.
qint64 numberClaim(const Jwt &jwt, const char *name)
{
    return jwt_get_grant_int(jwt.get(), name);
}

QByteArray textClaim(const Jwt &jwt, const char *name)
{
    return QByteArray(jwt_get_grant(jwt.get(), name));
}

/// libjwt would ask the machine's clock.
bool isOfThisTime(const Jwt &jwt, WallTime wallNow)
{
    const qint64 now = secondsOf(wallNow);
    const qint64 issued = numberClaim(jwt, "iat");
    return numberClaim(jwt, "exp") > now && issued > 0 && issued <= now + clockSkew.count() &&
           numberClaim(jwt, "nbf") <= now + clockSkew.count();
}

std::optional<TokenSubject> subjectOf(const Jwt &jwt)
{
    const QByteArray kind = textClaim(jwt, "kind");
    TokenSubject subject{.kind = kind == keyKind ? TokenSubject::Kind::Key : TokenSubject::Kind::User,
                         .id = textClaim(jwt, "sub"),
                         .stamp = textClaim(jwt, "stamp"),
                         .expiresAt = WallTime(std::chrono::seconds(numberClaim(jwt, "exp")))};
    const bool isWhole = (kind == keyKind || kind == userKind) && !subject.id.isEmpty();
    return isWhole ? std::optional(subject) : std::nullopt;
}

Error refusal()
{
    return {.code = ErrorCode::Unauthenticated,
            .message = QCoreApplication::translate("gatehouse::TokenIssuer", "This token is not valid."),
            .reason = "invalid_token"};
}

} // namespace

TokenIssuer::TokenIssuer(const Secret &secret, std::chrono::seconds lifetime, const Clock &clock)
    : m_secret(secret)
    , m_lifetime(lifetime)
    , m_clock(clock)
{
    startSodium();
    // Seeds the hash tables of jansson, on which libjwt stands, while nobody else uses them.
    jwt_t *first = nullptr;
    if (jwt_new(&first) == 0)
        jwt_free(first);
}

QByteArray TokenIssuer::issue(const TokenSubject &subject) const
{
    jwt_t *made = nullptr;
    if (m_secret.isEmpty() || jwt_new(&made) != 0)
        return {};
    const Jwt jwt(made);
    const qint64 now = secondsOf(m_clock.wallNow());
    const bool isKey = subject.kind == TokenSubject::Kind::Key;
    int failed = jwt_add_grant(made, "iss", issuer);
    failed |= jwt_add_grant(made, "sub", subject.id.constData());
    failed |= jwt_add_grant(made, "kind", isKey ? keyKind : userKind);
    failed |= jwt_add_grant(made, "stamp", subject.stamp.constData());
    failed |= jwt_add_grant(made, "jti", makeId("").constData());
    failed |= jwt_add_grant_int(made, "iat", now);
    failed |= jwt_add_grant_int(made, "exp", now + m_lifetime.count());
    failed |= jwt_set_alg(made, JWT_ALG_HS256, bytes(m_secret.reveal()), int(m_secret.reveal().size()));
    if (failed)
        return {};
    const std::unique_ptr<char, FreeText> text(jwt_encode_str(made));
    return QByteArray(text.get());
}

Result<TokenSubject> TokenIssuer::verify(QByteArrayView token) const
{
    if (token.size() > mostBytes || m_secret.isEmpty())
        return refusal();
    const QList<QByteArrayView> parts = partsOf(token);
    if (parts.isEmpty() || !isSigned(parts, m_secret))
        return refusal();
    const Jwt jwt = decode(token.toByteArray(), m_secret);
    if (!jwt || textClaim(jwt, "iss") != issuer || !isOfThisTime(jwt, m_clock.wallNow()))
        return refusal();
    const std::optional<TokenSubject> subject = subjectOf(jwt);
    return subject ? Result<TokenSubject>(*subject) : refusal();
}

bool TokenIssuer::looksLikeToken(QByteArrayView credential)
{
    return credential.startsWith("eyJ") && std::count(credential.begin(), credential.end(), '.') == 2;
}

} // namespace gatehouse
