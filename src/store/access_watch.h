// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"

#include <optional>

namespace gatehouse {

/// Notices that keys or users were changed, by this process or another. Used in the database's thread.
class AccessWatch
{
public:
    explicit AccessWatch(Database &database)
        : m_database(database)
    {}

    /// Whether the access version is another than the last time; the first time it never is.
    [[nodiscard]] Result<bool> hasChanged();

    /// The same, at less cost where no other process has written at all.
    [[nodiscard]] Result<bool> hasChangedElsewhere();

    /// After a reconnect: what SQLite said about other processes was about the old connection.
    void forgetConnection() { m_fileState.reset(); }

private:
    Database &m_database;
    std::optional<qint64> m_version;
    std::optional<qint64> m_fileState; ///< SQLite's data_version.
};

} // namespace gatehouse
