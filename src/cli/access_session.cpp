// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/access_session.h"

#include "admission/access_secrets.h"
#include "cli/config_commands.h"
#include "store/migrations.h"

#include <QCoreApplication>

namespace gatehouse {

namespace {

struct SessionText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::AccessSession)
};

Result<SettingsPtr> settingsOf(const AccessConsole &console)
{
    LoadedSettings loaded = loadSettings(console.sources);
    if (loaded.settings)
        return loaded.settings;
    loaded.warnings.clear(); // About serving, mostly.
    printProblems(loaded, console.err);
    return Error{.code = ErrorCode::InvalidRequest, .message = SessionText::tr("the configuration is wrong")};
}

} // namespace

Result<AccessSession> openAccess(const AccessConsole &console)
{
    const Result<SettingsPtr> loaded = settingsOf(console);
    if (!loaded)
        return loaded.error();
    const Settings &settings = **loaded;
    const Result<DatabaseTarget> target =
        parseDatabaseUrl(QString::fromUtf8(settings.database.url.reveal()), settings.dataDir);
    if (!target)
        return target.error();
    const Result<AccessSecrets> secrets = loadAccessSecrets(settings); // Makes the data directory, too.
    if (!secrets)
        return secrets.error();
    Result<std::unique_ptr<Database>> database = Database::open(*target);
    if (!database)
        return database.error();
    AccessSession session{.database = std::move(*database), .hasher = KeyHasher(secrets->keyHash)};
    if (const auto migrated = migrate(*session.database, *target); !migrated)
        return migrated.error();
    if (const auto checked = checkKeyHashSecret(*session.database, session.hasher); !checked)
        return checked.error();
    return session;
}

ExitCode report(const Error &error, QTextStream &err)
{
    err << SessionText::tr("gatehouse: %1").arg(error.message);
    if (!error.detail.isEmpty())
        err << QStringLiteral(" (%1)").arg(error.detail);
    err << Qt::endl;
    return error.code == ErrorCode::InvalidRequest ? ExitUsage : ExitFailure;
}

} // namespace gatehouse
