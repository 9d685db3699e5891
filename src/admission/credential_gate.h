// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/caller.h"
#include "admission/client_address.h"
#include "admission/key_ring.h"
#include "admission/token_issuer.h"
#include "base/result.h"
#include "config/settings.h"

#include <optional>

namespace gatehouse {

/// What an endpoint asks of its callers.
enum class Access {
    Public, ///< Anybody: no credential is looked at.
    Caller, ///< Whoever the mode lets in.
    Admin,  ///< A credential of role admin, in every mode.
};

/// What a token for that key or user says; its stamp changes with the key or the password.
[[nodiscard]] TokenSubject tokenSubject(const KeyRecord &key);
[[nodiscard]] TokenSubject tokenSubject(const UserRecord &user);

/// Decides who a caller is from what the request shows (contract §4). A pure decision over immutable
/// snapshots; any thread.
class CredentialGate
{
public:
    /// All outlive the gate, or are shared with it.
    CredentialGate(const AuthSettings &settings, std::shared_ptr<const KeyRing> keys, const KeyHasher &hasher,
                   std::shared_ptr<const TokenIssuer> tokens, const Clock &clock);

    /// Errors: Unauthenticated where the mode or `access` asks for a credential and none that is valid was
    /// shown (unknown, revoked, expired: one and the same answer), Forbidden where it is valid and its role
    /// is not enough.
    [[nodiscard]] Result<Caller> admit(const Credentials &credentials, Access access) const;

    /// Whoever an API key that holds belongs to; its `key` is set. A token is none.
    [[nodiscard]] std::optional<Caller> callerByKey(QByteArrayView apiKey) const;

    /// Whose request it is, behind trusted proxies, too.
    [[nodiscard]] QHostAddress clientAddress(const Credentials &credentials) const;

    [[nodiscard]] const KeyRing &keys() const { return *m_keys; }

private:
    /// What came of a credential.
    struct Examined
    {
        std::optional<Caller> caller = {};
        bool isMeant = false; ///< It is a key that was known once, or has the form of ours or of a token: to
                              ///< take it for nothing would hide that it doesn't hold (any more).
    };
    [[nodiscard]] Examined examine(QByteArrayView shown) const;
    [[nodiscard]] std::optional<Caller> callerWith(const std::shared_ptr<const KeyRecord> &key) const;
    [[nodiscard]] std::optional<Caller> callerOf(const TokenSubject &subject) const;
    [[nodiscard]] bool isTrustedNeighbour(const Credentials &credentials) const;

    AuthMode m_mode;
    AddressSet m_trustedProxies;
    std::shared_ptr<const KeyRing> m_keys;
    const KeyHasher &m_hasher;
    std::shared_ptr<const TokenIssuer> m_tokens;
    const Clock &m_clock;
};

/// Whether a Host header names this machine itself: `localhost`, a loopback address, or empty (HTTP/1.0). A
/// web page that had its own name resolve to 127.0.0.1 (DNS rebinding) shows its name here, and is no
/// neighbour.
[[nodiscard]] bool isLocalHostHeader(QByteArrayView host);

} // namespace gatehouse
