// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/user_commands.h"

#include "admission/access_name.h"
#include "admission/password.h"
#include "cli/access_session.h"
#include "cli/access_tables.h"
#include "cli/password_prompt.h"
#include "store/user_repository.h"

#include <QCoreApplication>

#include <algorithm>

namespace gatehouse {

namespace {

struct UserCommandText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::UserCommands)
};

std::optional<UserRecord> userNamed(const QString &name, const QList<UserRecord> &users)
{
    const auto user = std::find_if(users.begin(), users.end(),
                                   [&name](const UserRecord &known) { return known.name == name; });
    return user == users.end() ? std::nullopt : std::optional(*user);
}

Error nameTaken(const QString &name)
{
    return {.code = ErrorCode::Internal,
            .message = UserCommandText::tr("there is a user \"%1\" already").arg(name)};
}

Result<QByteArray> askedPasswordHash(const AccessConsole &console)
{
    return readPassword(console.input, console.err).and_then([](const Secret &password) {
        const Result<void> checked = checkPassword(password);
        return checked ? hashPassword(password) : checked.error();
    });
}

} // namespace

ExitCode run(const AccessConsole &console, const UserAdd &asked)
{
    const Result<QString> name = checkAccessName(asked.name, "name");
    if (!name)
        return report(name.error(), console.err);
    const Result<AccessSession> session = openAccess(console);
    if (!session)
        return report(session.error(), console.err);
    UserRepository repository(*session->database);
    const Result<QList<UserRecord>> users = repository.all();
    if (!users)
        return report(users.error(), console.err);
    if (userNamed(*name, *users)) // Before somebody types a password in vain.
        return report(nameTaken(*name), console.err);
    const Result<QByteArray> hash = askedPasswordHash(console);
    if (!hash)
        return report(hash.error(), console.err);
    const Result<void> added = repository.add({.id = makeUuid(),
                                               .name = *name,
                                               .role = asked.role,
                                               .passwordHash = *hash,
                                               .createdAt = console.clock.wallNow()});
    if (!added)
        return report(added.error().reason == "name_taken" ? nameTaken(*name) : added.error(), console.err);
    console.err << UserCommandText::tr("Added the user \"%1\" (role %2).")
                       .arg(*name, QString::fromLatin1(roleName(asked.role)))
                << Qt::endl;
    return ExitSuccess;
}

ExitCode run(const AccessConsole &console, const UserList &)
{
    const Result<AccessSession> session = openAccess(console);
    if (!session)
        return report(session.error(), console.err);
    const Result<QList<UserRecord>> users = UserRepository(*session->database).all();
    if (!users)
        return report(users.error(), console.err);
    if (users->isEmpty())
        console.err << UserCommandText::tr("There is no user in the database.") << Qt::endl;
    else
        console.out << userTable(*users) << Qt::flush;
    return ExitSuccess;
}

ExitCode run(const AccessConsole &console, const UserRemove &asked)
{
    const Result<AccessSession> session = openAccess(console);
    if (!session)
        return report(session.error(), console.err);
    UserRepository repository(*session->database);
    const Result<QList<UserRecord>> users = repository.all();
    if (!users)
        return report(users.error(), console.err);
    const std::optional<UserRecord> user = userNamed(asked.name, *users);
    if (!user)
        return report({.code = ErrorCode::NotFound,
                       .message = UserCommandText::tr("there is no user \"%1\"").arg(asked.name)},
                      console.err);
    if (const auto removed = repository.remove(user->id); !removed)
        return report(removed.error(), console.err);
    console.err << UserCommandText::tr("Removed the user \"%1\".").arg(user->name) << Qt::endl;
    return ExitSuccess;
}

} // namespace gatehouse
