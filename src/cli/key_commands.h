// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/access_command.h"

namespace gatehouse {

// See runAccessCommand().

/// Prints the key alone on `console.out`; scripts take it from there.
[[nodiscard]] ExitCode run(const AccessConsole &console, const KeyAdd &asked);
[[nodiscard]] ExitCode run(const AccessConsole &console, const KeyList &asked);
/// A key that is revoked already is a success; a name that several working keys share is a failure.
[[nodiscard]] ExitCode run(const AccessConsole &console, const KeyRevoke &asked);

} // namespace gatehouse
