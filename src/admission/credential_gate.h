// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/caller.h"
#include "admission/client_address.h"
#include "base/result.h"
#include "config/settings.h"

namespace gatehouse {

/// Decides who a caller is from what the request shows (contract §4). A pure decision over immutable
/// settings; any thread.
class CredentialGate
{
public:
    explicit CredentialGate(const AuthSettings &settings);

    /// Unauthenticated where no credential, or none that is valid, was shown and the mode asks for one.
    [[nodiscard]] Result<Caller> admit(const Credentials &credentials) const;

private:
    [[nodiscard]] bool isTrustedNeighbour(const Credentials &credentials) const;

    AuthMode m_mode;
    Secret m_apiKey;
    AddressSet m_trustedProxies;
};

/// Whether a Host header names this machine itself: `localhost`, a loopback address, or empty (HTTP/1.0). A
/// web page that had its own name resolve to 127.0.0.1 (DNS rebinding) shows its name here, and is no
/// neighbour.
[[nodiscard]] bool isLocalHostHeader(QByteArrayView host);

} // namespace gatehouse
