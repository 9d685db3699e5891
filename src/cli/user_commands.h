// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/access_command.h"

namespace gatehouse {

// See runAccessCommand().

/// The password comes from `console.input`, see readPassword().
[[nodiscard]] ExitCode run(const AccessConsole &console, const UserAdd &asked);
[[nodiscard]] ExitCode run(const AccessConsole &console, const UserList &asked);
[[nodiscard]] ExitCode run(const AccessConsole &console, const UserRemove &asked);

} // namespace gatehouse
