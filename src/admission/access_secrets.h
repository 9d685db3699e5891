// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/key_hasher.h"
#include "config/settings.h"
#include "store/database.h"

namespace gatehouse {

/// What access stands on besides the database.
struct AccessSecrets
{
    Secret keyHash; ///< For KeyHasher.
    Secret tokens;  ///< For TokenIssuer.
};

/// Those of the configuration, or the ones kept in the data directory (`key-hash.secret`, `token.secret`),
/// made on first use. Makes the data directory (mode 0700) where it is missing. Errors: Internal, where a
/// file or the folder can't be made or read, or others may read a secret.
[[nodiscard]] Result<AccessSecrets> loadAccessSecrets(const Settings &settings);

/// Whether the keys in the database were hashed with this secret, by a fingerprint that is kept there; while
/// there are no keys, it becomes this one's. In the database's thread, after migrate(). Errors: Internal,
/// where it is another secret, or the database's.
[[nodiscard]] Result<void> checkKeyHashSecret(Database &database, const KeyHasher &hasher);

} // namespace gatehouse
