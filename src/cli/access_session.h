// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/key_hasher.h"
#include "cli/access_command.h"
#include "config/settings.h"
#include "store/database.h"

namespace gatehouse {

/// The database as a command works on it, beside whatever servers use it.
struct AccessSession
{
    std::unique_ptr<Database> database; ///< Never null; migrated.
    KeyHasher hasher;
};

/// Loads the settings as `serve` does and opens their database. Errors: InvalidRequest where the
/// configuration is at fault (its mistakes are told on `console.err` already).
[[nodiscard]] Result<AccessSession> openAccess(const AccessConsole &console);

/// Tells why a command failed; the value is what to exit with.
[[nodiscard]] ExitCode report(const Error &error, QTextStream &err);

} // namespace gatehouse
