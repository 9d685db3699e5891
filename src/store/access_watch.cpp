// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/access_watch.h"

#include "store/migrations.h"

namespace gatehouse {

Result<bool> AccessWatch::hasChanged()
{
    const auto version = accessVersion(m_database);
    if (!version)
        return version.error();
    return std::exchange(m_version, *version).value_or(*version) != *version;
}

Result<bool> AccessWatch::hasChangedElsewhere()
{
    if (m_database.engine() == SqlEngine::Sqlite) {
        auto query = m_database.run(QStringLiteral("PRAGMA data_version"));
        if (!query)
            return std::move(query).error();
        const qint64 state = (*query)->next() ? (*query)->value(0).toLongLong() : 0;
        (*query)->finish();
        if (std::exchange(m_fileState, state) == state)
            return false;
    }
    return hasChanged();
}

} // namespace gatehouse
