// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/access_changes.h"

namespace gatehouse {

Result<void> raiseAccessVersion(Database &database)
{
    auto raised = database.run(
        QStringLiteral("UPDATE gatehouse_notes SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) "
                       "WHERE name = 'access_version'"));
    return raised ? Result<void>() : Result<void>(std::move(raised).error());
}

Result<void> changeAccess(Database &database, const QString &sql, const QVariantList &values,
                          const QString &missing)
{
    return database.inTransaction([&]() -> Result<void> {
        auto changed = database.run(sql, values);
        if (!changed)
            return std::move(changed).error();
        if ((*changed)->numRowsAffected() < 1)
            return Error{ErrorCode::NotFound, missing};
        return raiseAccessVersion(database);
    });
}

} // namespace gatehouse
