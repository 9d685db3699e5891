// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"
#include "store/key_record.h"

#include <QList>

namespace gatehouse {

/// The users in the database; changes raise the access version as those of keys do. Used in the database's
/// thread.
class UserRepository
{
public:
    explicit UserRepository(Database &database)
        : m_database(database)
    {}

    /// All, oldest first.
    [[nodiscard]] Result<QList<UserRecord>> all();
    /// Errors: NotFound.
    [[nodiscard]] Result<UserRecord> find(const QByteArray &id);
    /// Errors: InvalidRequest with param `username` and reason `name_taken` where the name exists.
    [[nodiscard]] Result<void> add(const UserRecord &user);
    /// CallerRole, password hash, isActive. Errors: NotFound.
    [[nodiscard]] Result<void> update(const UserRecord &user);
    /// Errors: NotFound.
    [[nodiscard]] Result<void> remove(const QByteArray &id);

private:
    Database &m_database;
};

} // namespace gatehouse
