// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/setting_source.h"
#include "config/table/setting_value.h"

#include <QList>

namespace gatehouse {

/// One value for one setting, as one source has it. Later assignments win over earlier ones.
struct Assignment
{
    QString route =
        {}; ///< The key of the route that `key` is a field of; empty: a setting of settingTable().
    QString key;
    SettingValue value;
    SettingSource source;
    bool isImplied = false; ///< Follows from something else that was written; anything explicit wins over it.
};

/// What one source holds.
struct SourceContent
{
    QList<Assignment> assignments = {}; ///< In the order of the source.
    QList<ConfigMessage> mistakes = {};
    QList<ConfigMessage> warnings = {};
};

} // namespace gatehouse
