// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/key_ring.h"

namespace gatehouse {

namespace {

/// The keys of the configuration, as records; those that are not set are left out.
QList<KeyRecord> configuredKeys(const AuthSettings &settings, const KeyHasher &hasher)
{
    QList<KeyRecord> keys;
    const auto add = [&](const Secret &key, QByteArray id, CallerRole role) {
        if (key.isEmpty())
            return;
        keys.append({.id = id,
                     .name = QString::fromLatin1(id),
                     .role = role,
                     .hash = hasher.hash(key.reveal()),
                     .createdAt = {}});
    };
    add(settings.demoAdminKey, "demo-admin", CallerRole::Admin);
    add(settings.demoUserKey, "demo-user", CallerRole::User);
    add(settings.apiKey, "static", CallerRole::User);
    return keys;
}

bool mayStill(CallerRole now, CallerRole then)
{
    return now == CallerRole::Admin || then == CallerRole::User;
}

} // namespace

KeyRing::KeyRing(const AuthSettings &settings, const KeyHasher &hasher, QList<KeyRecord> keys,
                 QList<UserRecord> users)
{
    // Later ones win where two are the same key: of the configured ones that of role user, and what the
    // database knows (a revocation, say) over everything.
    for (KeyRecord &key : configuredKeys(settings, hasher) + std::move(keys)) {
        const auto record = std::make_shared<const KeyRecord>(std::move(key));
        m_keys.insert(record->id, record);
        if (!record->hash.isEmpty())
            m_byHash.insert(record->hash, record);
    }
    for (UserRecord &user : users) {
        const auto record = std::make_shared<const UserRecord>(std::move(user));
        m_users.insert(record->id, record);
        m_usersByName.insert(record->name, record);
    }
}

std::shared_ptr<const KeyRecord> KeyRing::byHash(const QByteArray &hash) const
{
    return m_byHash.value(hash);
}

std::shared_ptr<const KeyRecord> KeyRing::keyById(const QByteArray &id) const
{
    return m_keys.value(id);
}

std::shared_ptr<const UserRecord> KeyRing::userById(const QByteArray &id) const
{
    return m_users.value(id);
}

std::shared_ptr<const UserRecord> KeyRing::userByName(const QString &name) const
{
    return m_usersByName.value(name);
}

bool KeyRing::stillAdmits(const Caller &caller, WallTime now) const
{
    if (caller.key) {
        // A configured key that was exchanged for another is still the same id: a reload drops no stream.
        const auto key = keyById(caller.keyId);
        return key && key->holds(now) && mayStill(key->role, caller.role);
    }
    if (caller.keyId.isEmpty() || caller.keyId == localCallerId || caller.keyId == anonymousCallerId)
        return true;
    const auto user = userById(caller.keyId);
    return user && user->isActive && mayStill(user->role, caller.role);
}

bool KeyRing::hasKeys() const
{
    return !m_keys.isEmpty();
}

} // namespace gatehouse
