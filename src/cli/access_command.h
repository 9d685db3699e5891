// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "cli/exit_code.h"
#include "config/config_sources.h"
#include "store/key_record.h"

#include <QTextStream>

#include <variant>

namespace gatehouse {

/// `gatehouse key add --name NAME …`
struct KeyAdd
{
    QString name;
    CallerRole role = CallerRole::User;
    KeyLimits limits;
    QStringList models;
    std::optional<QString> expires = {}; ///< As typed, see parseExpiry().
};

/// `gatehouse key list [--json]`
struct KeyList
{
    bool json = false;
};

/// `gatehouse key revoke ID|NAME`
struct KeyRevoke
{
    QString key;
};

/// `gatehouse user add NAME [--admin]`
struct UserAdd
{
    QString name;
    CallerRole role = CallerRole::User;
};

/// `gatehouse user list`
struct UserList
{};

/// `gatehouse user remove NAME`
struct UserRemove
{
    QString name;
};

using AccessAction = std::variant<KeyAdd, KeyList, KeyRevoke, UserAdd, UserList, UserRemove>;

/// `gatehouse key …`, `gatehouse user …`: they change the database beside a running server, which notices.
struct AccessCommand
{
    CommandLineSettings settings;
    AccessAction action;
};

/// What such a command works with.
struct AccessConsole
{
    const ConfigSources &sources;
    const Clock &clock;
    int input;        ///< The descriptor that a password is read from.
    QTextStream &out; ///< What was asked for, and nothing else.
    QTextStream &err; ///< What a person wants to know besides.
};

/// ExitUsage for a mistake in the configuration or in what was typed, ExitFailure where the database or the
/// data directory fail, or what was named does not exist (or does already).
[[nodiscard]] ExitCode runAccessCommand(const AccessConsole &console, const AccessAction &action);

} // namespace gatehouse
