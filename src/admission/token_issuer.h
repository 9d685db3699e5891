// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

#include <QByteArray>

#include <chrono>

namespace gatehouse {

/// Who a token speaks for.
struct TokenSubject
{
    enum class Kind { User, Key };
    Kind kind = Kind::User;
    QByteArray id;
    /// What the key or password was when the token was made, see tokenSubject(): a token does not outlive a
    /// change of it.
    QByteArray stamp = {};
    WallTime expiresAt = {}; ///< Of the token; told by verify().
};

/// Access tokens: JSON Web Tokens (RFC 7519) signed with HS256 and nothing else. Any thread.
class TokenIssuer
{
public:
    TokenIssuer(const Secret &secret, std::chrono::seconds lifetime, const Clock &clock);

    [[nodiscard]] std::chrono::seconds lifetime() const { return m_lifetime; }
    /// Claims: iss, sub, kind, stamp, jti, iat, exp. Empty where the secret is, or memory is short.
    [[nodiscard]] QByteArray issue(const TokenSubject &subject) const;

    /// Unauthenticated for whatever is not a token of ours that still holds: another algorithm (`none`
    /// included), signature or issuer, expired, not yet valid, malformed.
    [[nodiscard]] Result<TokenSubject> verify(QByteArrayView token) const;

    /// Whether it has the form of one (three parts, `eyJ…`), as opposed to an API key.
    [[nodiscard]] static bool looksLikeToken(QByteArrayView credential);

private:
    Secret m_secret;
    std::chrono::seconds m_lifetime;
    const Clock &m_clock;
};

} // namespace gatehouse
