// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <QByteArray>
#include <QString>

namespace gatehouse {

/// How API keys are kept: BLAKE2b-256 (RFC 7693) keyed with a secret that is not in the database, so that
/// neither a stolen database nor the time a look-up takes tells anything about a key. Immutable; any thread.
class KeyHasher
{
public:
    explicit KeyHasher(const Secret &secret);

    /// 32 bytes.
    [[nodiscard]] QByteArray hash(QByteArrayView apiKey) const;

    /// Tells one secret from another without telling the secret: kept in the database, so that a server with
    /// the wrong one says so instead of refusing every key.
    [[nodiscard]] QByteArray fingerprint() const;

private:
    QByteArray m_key; ///< 32 bytes.
};

/// What every key of ours begins with.
inline constexpr QByteArrayView keyPrefix = "gh_";

/// A fresh key: `gh_` and 43 URL-safe characters (256 bits from the system's generator).
[[nodiscard]] Secret makeApiKey();

/// A fresh UUID, canonical, lower case.
[[nodiscard]] QByteArray makeUuid();

/// The secret in `<folder>/<name>`, made on first use (32 random bytes as hex, mode 0600, written whole or
/// not at all; two processes that start at once agree on one). Errors: the file can't be read or made, or
/// others may read it.
[[nodiscard]] Result<Secret> keptSecret(const QString &folder, const QString &name);

} // namespace gatehouse
