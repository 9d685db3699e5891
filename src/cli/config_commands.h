// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/exit_code.h"
#include "config/config_sources.h"
#include "config/settings_loader.h"

#include <QTextStream>

namespace gatehouse {

// Everything here writes to the stream that is passed in and reads nothing but what is passed in; secrets
// are masked.

/// `gatehouse config check`: each effective value with its source, then warnings and mistakes. ExitUsage
/// where there is a mistake.
[[nodiscard]] ExitCode runConfigCheck(const ConfigSources &sources, QTextStream &out);

/// `gatehouse config example`
ExitCode runConfigExample(QTextStream &out);

/// `gatehouse --version`
ExitCode runVersion(QTextStream &out);

/// Loads the settings and finds all that would stop a start of `serve` and can be told from them: there are
/// mistakes, or `settings` are set and good.
[[nodiscard]] LoadedSettings loadAndCheck(const ConfigSources &sources);

/// Mistakes and warnings, a line each, for the start of `serve`.
void printProblems(const LoadedSettings &loaded, QTextStream &out);

} // namespace gatehouse
