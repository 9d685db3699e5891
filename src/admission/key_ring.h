// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/caller.h"
#include "admission/key_hasher.h"
#include "config/settings.h"

#include <QHash>

namespace gatehouse {

/// Every key and user at one moment, those from the database and those from the configuration (`API_KEY`, the
/// demo keys). Immutable, shared as a snapshot; any thread.
class KeyRing
{
public:
    KeyRing(const AuthSettings &settings, const KeyHasher &hasher, QList<KeyRecord> keys,
            QList<UserRecord> users);

    /// The key with that hash; null where there is none. Inactive and expired ones are found, too.
    [[nodiscard]] std::shared_ptr<const KeyRecord> byHash(const QByteArray &hash) const;
    [[nodiscard]] std::shared_ptr<const KeyRecord> keyById(const QByteArray &id) const;
    [[nodiscard]] std::shared_ptr<const UserRecord> userById(const QByteArray &id) const;
    [[nodiscard]] std::shared_ptr<const UserRecord> userByName(const QString &name) const;

    /// Whether a caller who was let in before would still be: false once the key or user has been revoked,
    /// removed, or demoted below what it was let in with. Callers without a credential are always.
    [[nodiscard]] bool stillAdmits(const Caller &caller, WallTime now = {}) const;

    [[nodiscard]] bool hasKeys() const; ///< Whether there is any key at all, configured ones included.

private:
    QHash<QByteArray, std::shared_ptr<const KeyRecord>> m_byHash;
    QHash<QByteArray, std::shared_ptr<const KeyRecord>> m_keys;
    QHash<QByteArray, std::shared_ptr<const UserRecord>> m_users;
    QHash<QString, std::shared_ptr<const UserRecord>> m_usersByName;
};

} // namespace gatehouse
