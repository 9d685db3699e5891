// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "cli/access_command.h"
#include "cli/doctor_command.h"
#include "config/config_sources.h"

#include <QStringList>

#include <variant>

namespace gatehouse {

/// `gatehouse`, `gatehouse serve`
struct ServeCommand
{
    CommandLineSettings settings;
};

/// `gatehouse config check`
struct ConfigCheckCommand
{
    CommandLineSettings settings;
};

/// `gatehouse config example`
struct ConfigExampleCommand
{};

/// `gatehouse --version`
struct VersionCommand
{};

/// `--help`, wherever it stands.
struct HelpCommand
{
    QString text;
};

using Command = std::variant<ServeCommand, ConfigCheckCommand, ConfigExampleCommand, DoctorCommand,
                             AccessCommand, VersionCommand, HelpCommand>;

/// Reads the command line; `arguments` begin with the program's name, as QCoreApplication::arguments() does.
/// The error (InvalidRequest) has one line for standard error; exit with ExitUsage then.
[[nodiscard]] Result<Command> parseCommandLine(const QStringList &arguments);

} // namespace gatehouse
