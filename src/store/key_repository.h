// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"
#include "store/key_record.h"

#include <QList>

namespace gatehouse {

/// The keys in the database. Every change also raises the access version, in the same transaction, by which
/// running servers notice it (migrations.h). Used in the database's thread.
class KeyRepository
{
public:
    explicit KeyRepository(Database &database)
        : m_database(database)
    {}

    /// All, oldest first.
    [[nodiscard]] Result<QList<KeyRecord>> all();
    /// Errors: NotFound.
    [[nodiscard]] Result<KeyRecord> find(const QByteArray &id);
    [[nodiscard]] Result<void> add(const KeyRecord &key);
    /// Everything but id, hash and createdAt. Errors: NotFound.
    [[nodiscard]] Result<void> update(const KeyRecord &key);
    /// Its rows in the ledger stay. Errors: NotFound.
    [[nodiscard]] Result<void> remove(const QByteArray &id);
    /// Does not raise the access version. Unknown ids are skipped.
    [[nodiscard]] Result<void> noteUsed(const QList<QPair<QByteArray, WallTime>> &uses);

private:
    Database &m_database;
};

} // namespace gatehouse
