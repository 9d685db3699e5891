// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/sources/assignment.h"

#include <QByteArrayView>

namespace gatehouse {

/// Reads gatehouse.toml, secrets.toml or the file of managed routes, which has nothing else (TOML 1.0): every
/// known key becomes an assignment, every unknown one a mistake with a suggestion. `file` gives the origin
/// and the path for messages. Values of the wrong type become assignments without a value, which no setting
/// accepts. Pure.
[[nodiscard]] SourceContent readToml(QByteArrayView text, const SettingSource &file);

} // namespace gatehouse
