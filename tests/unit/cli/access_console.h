// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/access_command.h"
#include "store/key_repository.h"
#include "store/migrations.h"
#include "store/user_repository.h"
#include "unit/admission/manual_clock.h"
#include "unit/config/config_fixture.h"

#include <unistd.h>

namespace gatehouse {

/// What a command said and how it ended.
struct Ran
{
    ExitCode code;
    QString out;
    QString err;
};

/// A data directory of its own to run commands on, and to look into.
class ConsoleFixture
{
public:
    ConsoleFixture() { config.sources.commandLine.dataDir = dataDir(); }

    [[nodiscard]] QString dataDir() const { return config.path(QStringLiteral("data")); }

    /// `input` is what stands on standard input.
    Ran run(const AccessAction &action, const QByteArray &input = {}) const
    {
        int ends[2];
        if (::pipe(ends) != 0 || ::write(ends[1], input.constData(), size_t(input.size())) != input.size())
            qFatal("no pipe");
        ::close(ends[1]);
        Ran ran{};
        {
            QTextStream out(&ran.out);
            QTextStream err(&ran.err);
            ran.code = runAccessCommand({config.sources, clock, ends[0], out, err}, action);
        }
        ::close(ends[0]);
        return ran;
    }

    [[nodiscard]] std::unique_ptr<Database> open() const
    {
        auto database = Database::open({.file = dataDir() + QStringLiteral("/gatehouse.db")});
        return database ? std::move(*database) : nullptr;
    }
    [[nodiscard]] QList<KeyRecord> keys() const
    {
        const auto database = open();
        return KeyRepository(*database).all().value_or(QList<KeyRecord>());
    }
    [[nodiscard]] QList<UserRecord> users() const
    {
        const auto database = open();
        return UserRepository(*database).all().value_or(QList<UserRecord>());
    }

    ConfigFixture config;
    ManualClock clock;
};

} // namespace gatehouse
