// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/access_command.h"

#include "cli/key_commands.h"
#include "cli/user_commands.h"

namespace gatehouse {

ExitCode runAccessCommand(const AccessConsole &console, const AccessAction &action)
{
    return std::visit([&console](const auto &asked) { return run(console, asked); }, action);
}

} // namespace gatehouse
