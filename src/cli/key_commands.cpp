// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/key_commands.h"

#include "admission/access_name.h"
#include "cli/access_session.h"
#include "cli/access_tables.h"
#include "cli/expiry.h"
#include "store/key_repository.h"

#include <QCoreApplication>

#include <algorithm>

namespace gatehouse {

namespace {

struct KeyCommandText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::KeyCommands)
};

Error mistake(const QString &message)
{
    return {.code = ErrorCode::InvalidRequest, .message = message};
}

/// What was typed as a record that has no hash yet.
Result<KeyRecord> recordOf(const KeyAdd &asked, WallTime now)
{
    const Result<QString> name = checkAccessName(asked.name, "name");
    if (!name)
        return name.error();
    KeyRecord key{.id = makeUuid(),
                  .name = *name,
                  .role = asked.role,
                  .limits = asked.limits,
                  .models = asked.models,
                  .createdAt = now};
    for (QString &model : key.models) {
        model = model.trimmed();
        if (model.isEmpty())
            return mistake(KeyCommandText::tr("--models has an empty entry"));
    }
    if (asked.expires) {
        const Result<WallTime> expiry = parseExpiry(*asked.expires, now);
        if (!expiry)
            return expiry.error();
        key.expiresAt = *expiry;
    }
    return key;
}

/// The key with that id, else the one with that name; of several, the one that is not revoked.
Result<KeyRecord> keyNamed(const QString &text, const QList<KeyRecord> &keys)
{
    QList<KeyRecord> named;
    for (const KeyRecord &key : keys) {
        if (key.id == text.toUtf8())
            return key;
        if (key.name == text)
            named.append(key);
    }
    if (named.isEmpty())
        return Error{.code = ErrorCode::NotFound,
                     .message = KeyCommandText::tr("there is no key with the id or name \"%1\"").arg(text)};
    const auto firstRevoked =
        std::stable_partition(named.begin(), named.end(), [](const KeyRecord &key) { return key.isActive; });
    if (std::distance(named.begin(), firstRevoked) <= 1)
        return named.first();
    QStringList ids;
    for (auto key = named.begin(); key != firstRevoked; ++key)
        ids.append(QString::fromLatin1(key->id));
    return Error{.code = ErrorCode::Internal,
                 .message = KeyCommandText::tr("several keys are named \"%1\"; say which by its id: %2")
                                .arg(text, ids.join(QStringLiteral(", ")))};
}

ExitCode printNewKey(const AccessConsole &console, const KeyRecord &key, const Secret &secret)
{
    console.out << secret.reveal() << Qt::endl;
    if (console.out.status() != QTextStream::Ok)
        return report({.message = KeyCommandText::tr("the key %1 was made, but could not be printed")
                                      .arg(QString::fromLatin1(key.id))},
                      console.err);
    console.err << KeyCommandText::tr("Made the key \"%1\" (id %2, role %3). It is shown this once only.")
                       .arg(key.name, QString::fromLatin1(key.id), QString::fromLatin1(roleName(key.role)))
                << Qt::endl;
    return ExitSuccess;
}

} // namespace

ExitCode run(const AccessConsole &console, const KeyAdd &asked)
{
    Result<KeyRecord> key = recordOf(asked, console.clock.wallNow());
    if (!key)
        return report(key.error(), console.err);
    const Result<AccessSession> session = openAccess(console);
    if (!session)
        return report(session.error(), console.err);
    const Secret secret = makeApiKey();
    key->hash = session->hasher.hash(secret.reveal());
    if (const auto added = KeyRepository(*session->database).add(*key); !added)
        return report(added.error(), console.err);
    return printNewKey(console, *key, secret);
}

ExitCode run(const AccessConsole &console, const KeyList &asked)
{
    const Result<AccessSession> session = openAccess(console);
    if (!session)
        return report(session.error(), console.err);
    const Result<QList<KeyRecord>> keys = KeyRepository(*session->database).all();
    if (!keys)
        return report(keys.error(), console.err);
    if (asked.json)
        console.out << keysAsJson(*keys) << Qt::endl;
    else if (keys->isEmpty())
        console.err << KeyCommandText::tr("There is no key in the database.") << Qt::endl;
    else
        console.out << keyTable(*keys, console.clock.wallNow()) << Qt::flush;
    return ExitSuccess;
}

ExitCode run(const AccessConsole &console, const KeyRevoke &asked)
{
    const Result<AccessSession> session = openAccess(console);
    if (!session)
        return report(session.error(), console.err);
    KeyRepository repository(*session->database);
    const Result<QList<KeyRecord>> keys = repository.all();
    if (!keys)
        return report(keys.error(), console.err);
    Result<KeyRecord> key = keyNamed(asked.key, *keys);
    if (!key)
        return report(key.error(), console.err);
    if (std::exchange(key->isActive, false)) {
        if (const auto updated = repository.update(*key); !updated)
            return report(updated.error(), console.err);
    }
    console.err << KeyCommandText::tr("The key \"%1\" (id %2) is revoked.")
                       .arg(key->name, QString::fromLatin1(key->id))
                << Qt::endl;
    return ExitSuccess;
}

} // namespace gatehouse
