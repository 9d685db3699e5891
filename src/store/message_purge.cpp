// SPDX-License-Identifier: GPL-3.0-or-later
// purgeDeletedMessages(): first the rows of removed sessions go, in batches; then the index of words is
// merged, for FTS5 keeps what was deleted in its old segments; then the file's log is emptied. How far it has
// come is kept under a note. Deleted rows and pages are overwritten by SQLite itself (secure_delete).
#include "store/message_index.h"
#include "store/message_words.h"
#include "store/migrations.h"
#include "store/session_repository.h"

namespace gatehouse {

namespace {

constexpr int mostMessages = 64;
constexpr qint64 mostBytes = 256 * 1024;
constexpr int pagesAStep = 32;
constexpr qsizetype longestCharacter = 4; // So that the last one isn't cut where the text is.

constexpr char noteName[] = "message_purge";
// What is to be done next. A merge that was begun is ended before another one, or under steady removals none
// would ever end.
constexpr char mergeNext[] = "merge";
constexpr char merging[] = "merging";
constexpr char mergingAndAgain[] = "merging, again";
constexpr char cleanNext[] = "clean";

/// One message of a removed session, or the session without any.
struct Doomed
{
    qint64 session = 0;
    qint64 message = 0;
    QByteArray owner;
    QByteArray text; ///< As much of it as is indexed.
};

Result<void> run(Database &database, const char *sql, const QVariantList &values = {})
{
    auto done = database.run(QString::fromLatin1(sql), values);
    return done ? Result<void>() : Result<void>(std::move(done).error());
}

Result<qint64> numberOf(Database &database, const char *sql, const QVariantList &values = {})
{
    auto query = database.run(QString::fromLatin1(sql), values);
    if (!query)
        return std::move(query).error();
    const qint64 number = (*query)->next() ? (*query)->value(0).toLongLong() : 0;
    (*query)->finish();
    return number;
}

Result<QString> state(Database &database)
{
    auto text = note(database, QLatin1String(noteName));
    if (!text)
        return std::move(text).error();
    return text->value_or(QString());
}

Result<void> setState(Database &database, const char *next)
{
    return setNote(database, QLatin1String(noteName), QLatin1String(next));
}

/// The words go by the text's beginning, its bytes as they are; on PostgreSQL they go with the row.
QString messagesOf(SqlEngine engine)
{
    const QString text =
        engine == SqlEngine::Sqlite
            ? QStringLiteral("substr(CAST(text AS BLOB), 1, %1)").arg(mostIndexedText + longestCharacter)
            : QStringLiteral("''");
    return QStringLiteral(
               "SELECT number, bytes, %1 FROM gatehouse_messages WHERE session = ? ORDER BY number LIMIT ?")
        .arg(text);
}

Result<QList<Doomed>> nextDoomed(Database &database)
{
    auto query = database.run(QStringLiteral("SELECT number, former_owner FROM gatehouse_sessions"
                                             " WHERE owner = '' LIMIT 1"));
    if (!query)
        return std::move(query).error();
    if (!(*query)->next())
        return QList<Doomed>();
    const Doomed session{.session = (*query)->value(0).toLongLong(),
                         .owner = (*query)->value(1).toString().toUtf8()};
    (*query)->finish();
    query = database.run(messagesOf(database.engine()), {session.session, mostMessages});
    if (!query)
        return std::move(query).error();
    QList<Doomed> doomed;
    for (qint64 bytes = 0; bytes < mostBytes && (*query)->next();) {
        Doomed message = session;
        message.message = (*query)->value(0).toLongLong();
        message.text = (*query)->value(2).toByteArray();
        bytes += (*query)->value(1).toLongLong();
        doomed.append(message);
    }
    (*query)->finish();
    return doomed.isEmpty() ? QList<Doomed>{session} : doomed;
}

Result<void> destroy(Database &database, const Doomed &doomed)
{
    if (doomed.message == 0)
        return run(database, "DELETE FROM gatehouse_sessions WHERE number = ?", {doomed.session});
    if (database.engine() == SqlEngine::Sqlite) {
        auto unindexed = MessageIndex(database).remove(doomed.owner, doomed.message,
                                                       indexedWords(doomed.owner, doomed.text));
        if (!unindexed)
            return unindexed;
    }
    return run(database, "DELETE FROM gatehouse_messages WHERE number = ?", {doomed.message});
}

/// The value: whether there was anything.
Result<bool> deleteSome(Database &database)
{
    // Mostly there is nothing, and a transaction would keep others from writing.
    const auto any =
        database.run(QStringLiteral("SELECT 1 FROM gatehouse_sessions WHERE owner = '' LIMIT 1"));
    if (!any)
        return any.error();
    const bool isEmpty = !(*any)->next();
    (*any)->finish();
    if (isEmpty)
        return false;
    bool isAny = false;
    auto done = database.inTransaction([&]() -> Result<void> {
        const auto doomed = nextDoomed(database);
        if (!doomed)
            return doomed.error();
        isAny = !doomed->isEmpty();
        if (!isAny)
            return {};
        for (const Doomed &each : *doomed) {
            if (auto destroyed = destroy(database, each); !destroyed)
                return destroyed;
        }
        const auto before = state(database);
        if (!before)
            return before.error();
        return setState(database, before->startsWith(QLatin1String(merging)) ? mergingAndAgain : mergeNext);
    });
    return done ? Result<bool>(isAny) : Result<bool>(std::move(done).error());
}

/// A step of merging. The first one, with a negative number, makes all segments one merge; the others go on
/// with it, and merge what has come since. One that does less than it might has nothing left to do.
Result<void> mergeSome(Database &database, const QString &state)
{
    return database.inTransaction([&]() -> Result<void> {
        const bool isFirst = state == QLatin1String(mergeNext);
        const auto before = numberOf(database, "SELECT total_changes()");
        if (!before)
            return before.error();
        auto merged = run(database, "INSERT INTO gatehouse_words (gatehouse_words, rank) VALUES ('merge', ?)",
                          {isFirst ? -pagesAStep : pagesAStep});
        if (!merged)
            return merged;
        const auto after = numberOf(database, "SELECT total_changes()");
        if (!after)
            return after.error();
        if (isFirst)
            return setState(database, merging);
        if (*after - *before >= pagesAStep)
            return {};
        return setState(database, state == QLatin1String(mergingAndAgain) ? mergeNext : cleanNext);
    });
}

/// Large tables are left to the server's own vacuum, which comes within minutes (see session_schema.cpp):
/// here it would keep everybody waiting who has something to write.
Result<void> vacuumPostgres(Database &database)
{
    constexpr qint64 largest = 256 * 1024 * 1024;
    const auto size = numberOf(database, "SELECT pg_total_relation_size('gatehouse_messages')");
    if (!size)
        return size.error();
    if (*size > largest)
        return {};
    if (auto done = run(database, "VACUUM (INDEX_CLEANUP ON) gatehouse_messages"); !done)
        return done;
    return run(database, "VACUUM (INDEX_CLEANUP ON) gatehouse_sessions");
}

Result<PurgeProgress> clean(Database &database)
{
    if (database.engine() == SqlEngine::Sqlite) {
        auto emptied = database.emptyLog();
        if (!emptied || !*emptied)
            return emptied ? Result<PurgeProgress>(PurgeHeldUp)
                           : Result<PurgeProgress>(std::move(emptied).error());
    } else if (auto vacuumed = vacuumPostgres(database); !vacuumed) {
        return std::move(vacuumed).error();
    }
    auto forgotten = run(database, "DELETE FROM gatehouse_notes WHERE name = ? AND value = ?",
                         {QLatin1String(noteName), QLatin1String(cleanNext)});
    return forgotten ? Result<PurgeProgress>(PurgeDone) : Result<PurgeProgress>(std::move(forgotten).error());
}

} // namespace

Result<PurgeProgress> purgeDeletedMessages(Database &database)
{
    const auto deleted = deleteSome(database);
    if (!deleted)
        return deleted.error();
    if (*deleted)
        return PurgeGoesOn;
    const auto now = state(database);
    if (!now)
        return now.error();
    if (now->isEmpty())
        return PurgeDone;
    if (*now == QLatin1String(cleanNext))
        return clean(database);
    auto done =
        database.engine() == SqlEngine::Sqlite ? mergeSome(database, *now) : setState(database, cleanNext);
    return done ? Result<PurgeProgress>(PurgeGoesOn) : Result<PurgeProgress>(std::move(done).error());
}

} // namespace gatehouse
