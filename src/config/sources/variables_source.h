// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/sources/assignment.h"
#include "config/sources/dot_env.h"

namespace gatehouse {

/// Finds our settings among variables, whoever's they are: our own names, the predecessors', and those of
/// routes. An empty variable counts as not set, since compose files pass on what nobody has set. Unknown
/// names are other programs' business, but a `GATEHOUSE_*` that is unknown is a mistake. `origin` is DotEnv
/// (with its path) or Environment. Pure.
[[nodiscard]] SourceContent readVariables(const QList<Variable> &variables, const SettingSource &origin);

} // namespace gatehouse
