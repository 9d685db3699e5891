// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/access_command.h"

#include <functional>
#include <optional>

namespace CLI {
class App;
}

namespace gatehouse {

/// The grammar of `gatehouse key …` and `gatehouse user …`, and what was read by it. It outlives the parsing.
class AccessGrammar
{
public:
    /// `addSources` adds the options that every command has which reads the configuration.
    AccessGrammar(CLI::App &app, const std::function<void(CLI::App &)> &addSources);

    /// Once parsed; unset where it was another command.
    [[nodiscard]] std::optional<AccessAction> action() const;

private:
    void addKeyCommands(CLI::App &app);
    void addKeyAdd(CLI::App &add);
    void addUserCommands(CLI::App &app);

    /// One command and what it reads into.
    struct Command
    {
        CLI::App *app;
        std::function<AccessAction()> action;
    };
    QList<Command> m_commands;
    KeyAdd m_keyAdd;
    KeyList m_keyList;
    KeyRevoke m_keyRevoke;
    UserAdd m_userAdd;
    UserRemove m_userRemove;
};

} // namespace gatehouse
