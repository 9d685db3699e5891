// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "config/settings.h"

#include <QSslConfiguration>

namespace gatehouse {

/// What the server proves itself with: PEM texts that have been found to be usable and to belong together. A
/// value, so that each lane makes its own QSslConfiguration of it in its own thread.
struct TlsIdentity
{
    QByteArray certificateChain;
    Secret key;
};

/// Reads the files that the settings name. Errors name the file and what is wrong with it.
[[nodiscard]] Result<TlsIdentity> readTlsIdentity(const ServerSettings &settings);

/// TLS 1.2 or later, `http/1.1` by ALPN, no certificate asked of the client.
[[nodiscard]] QSslConfiguration tlsConfiguration(const TlsIdentity &identity);

} // namespace gatehouse
