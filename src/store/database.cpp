// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/database.h"

#include "store/sql_error.h"
#include "store/sqlite_rows.h"

#include <QFile>
#include <QHash>
#include <QSqlDatabase>
#include <QSqlError>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>

namespace gatehouse {
namespace {

QString freshConnectionName()
{
    static std::atomic<quint64> next = 0;
    return QStringLiteral("gatehouse-%1").arg(++next);
}

/// SQLite gives a new file the umask's mode, and the files beside it the mode of the first. An existing file
/// isn't even opened: closing it would drop the locks that this process holds on it.
void makePrivateFile(const QString &path)
{
    const int fd = ::open(QFile::encodeName(path).constData(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        ::close(fd);
}

QString postgresOptions(const QString &wanted)
{
    // The later word wins in libpq. A server that has vanished without a word is noticed in seconds.
    QString options = QStringLiteral("connect_timeout=5;tcp_user_timeout=10000;keepalives_idle=10;"
                                     "keepalives_interval=5;keepalives_count=3;application_name=gatehouse");
    return wanted.isEmpty() ? options : options + u';' + wanted;
}

/// What the driver can take for certain: no text is null, for that would be SQL's NULL, and none holds a zero
/// character, at which PostgreSQL's protocol ends a text.
QVariant bindable(const QVariant &value)
{
    if (value.typeId() == QMetaType::QByteArray)
        return value.toByteArray().isNull() ? QVariant(QByteArray("")) : value;
    if (value.typeId() != QMetaType::QString)
        return value;
    QString text = value.toString();
    if (text.contains(QChar(0)))
        return text.replace(QChar(0), QChar::ReplacementCharacter);
    return text.isNull() ? QVariant(QStringLiteral("")) : value;
}

} // namespace

class Database::Private
{
public:
    ~Private() { disconnect(); }

    Result<void> connect();
    void disconnect();
    Result<void> configureSqlite();
    Result<void> configurePostgres();
    Result<void> useWal();
    Result<void> execute(const QString &sql);
    Result<QSqlQuery *> prepared(const QString &sql, bool isPrepared);
    Result<void> begin();
    Result<void> commit();
    void rollBack();
    void stopReading();
    Error failed(const QSqlError &error);

    DatabaseTarget target;
    QString connection;
    QSqlDatabase driver;
    QHash<QString, QSqlQuery *> queries;
    std::unique_ptr<SqliteRows> rows;
    int depth = 0;
    /// What went wrong in the open transaction. It can't be committed any more: PostgreSQL would say that it
    /// did, and roll back.
    std::optional<Error> broken;
};

Result<void> Database::Private::connect()
{
    const bool isSqlite = target.engine == SqlEngine::Sqlite;
    connection = freshConnectionName();
    driver =
        QSqlDatabase::addDatabase(isSqlite ? QStringLiteral("QSQLITE") : QStringLiteral("QPSQL"), connection);
    if (isSqlite) {
        makePrivateFile(target.file);
        driver.setDatabaseName(target.file);
        driver.setConnectOptions(QStringLiteral("QSQLITE_BUSY_TIMEOUT=5000"));
    } else {
        driver.setHostName(target.host);
        driver.setPort(target.port);
        driver.setDatabaseName(target.name);
        driver.setUserName(target.user);
        driver.setPassword(QString::fromUtf8(target.password.reveal()));
        driver.setConnectOptions(postgresOptions(target.options));
    }
    if (!driver.open())
        return sqlError(target, driver.lastError(), false);
    return isSqlite ? configureSqlite() : configurePostgres();
}

// Nobody waits for ever: not behind somebody else's lock, and not for a statement that went wrong.
Result<void> Database::Private::configurePostgres()
{
    for (const char *setting :
         {"SET client_min_messages = error", "SET lock_timeout = '5s'", "SET statement_timeout = '60s'"}) {
        if (auto done = execute(QString::fromLatin1(setting)); !done)
            return done;
    }
    return {};
}

void Database::Private::disconnect()
{
    if (connection.isEmpty())
        return;
    // A statement says farewell to its server; where there is none any more, only Qt would complain.
    const bool isLost = !driver.isOpen();
    rows.reset();
    if (!isLost)
        qDeleteAll(std::exchange(queries, {}));
    driver = {};
    QSqlDatabase::removeDatabase(std::exchange(connection, {}));
    qDeleteAll(std::exchange(queries, {}));
}

Result<void> Database::Private::configureSqlite()
{
    // secure_delete overwrites what is deleted, pages that become free included: deleted conversations must
    // be in no byte of the file.
    for (const char *pragma : {"PRAGMA foreign_keys = ON", "PRAGMA synchronous = NORMAL",
                               "PRAGMA secure_delete = ON", "PRAGMA temp_store = MEMORY"}) {
        if (auto done = execute(QLatin1String(pragma)); !done)
            return done;
    }
    rows = SqliteRows::over(driver);
    return useWal();
}

/// The change to WAL needs the file alone for a moment and doesn't wait for it as other statements do, so
/// when several processes make a database at once, a statement that waits stands in between.
Result<void> Database::Private::useWal()
{
    Result<void> done;
    for (int attempt = 0; attempt < 10; ++attempt) {
        done = execute(QStringLiteral("PRAGMA journal_mode = WAL"));
        if (done || done.error().code != ErrorCode::Overloaded)
            return done;
        if (auto waited = execute(QStringLiteral("BEGIN IMMEDIATE")); !waited)
            return waited;
        if (auto ended = execute(QStringLiteral("ROLLBACK")); !ended)
            return ended;
    }
    return done;
}

Result<void> Database::Private::execute(const QString &sql)
{
    if (!driver.isOpen())
        return failed({});
    QSqlQuery query(driver);
    if (!query.exec(sql))
        return failed(query.lastError());
    return {};
}

Error Database::Private::failed(const QSqlError &error)
{
    Error result = sqlError(target, error, driver.isOpen());
    if (depth > 0 && !broken)
        broken = result;
    return result;
}

Result<QSqlQuery *> Database::Private::prepared(const QString &sql, bool isPrepared)
{
    if (QSqlQuery *known = queries.value(sql))
        return known;
    auto query = std::make_unique<QSqlQuery>(driver);
    // The PostgreSQL driver would drop the rest of the rows when another statement runs in between.
    query->setForwardOnly(target.engine == SqlEngine::Sqlite);
    if (isPrepared && !query->prepare(sql))
        return failed(query->lastError());
    QSqlQuery *kept = query.release();
    queries.insert(sql, kept);
    return kept;
}

/// SQLite holds on to the state of the file that a statement reads until that is read to its end, and refuses
/// to write from an old state.
void Database::Private::stopReading()
{
    if (target.engine != SqlEngine::Sqlite)
        return;
    for (QSqlQuery *query : std::as_const(queries)) {
        if (query->isActive() && query->isSelect())
            query->finish();
    }
}

Result<void> Database::Private::begin()
{
    stopReading();
    if (broken)
        return *broken;
    QString sql = QStringLiteral("BEGIN");
    if (depth > 0)
        sql = QStringLiteral("SAVEPOINT level%1").arg(depth);
    else if (target.engine == SqlEngine::Sqlite)
        sql = QStringLiteral("BEGIN IMMEDIATE");
    auto begun = execute(sql);
    if (begun)
        ++depth;
    return begun;
}

Result<void> Database::Private::commit()
{
    stopReading();
    if (broken)
        return *broken;
    const QString sql =
        depth > 1 ? QStringLiteral("RELEASE SAVEPOINT level%1").arg(depth - 1) : QStringLiteral("COMMIT");
    auto done = execute(sql);
    if (done)
        --depth;
    return done;
}

void Database::Private::rollBack()
{
    stopReading();
    --depth;
    if (depth == 0) {
        // If this fails there is no transaction any more.
        broken.reset();
        (void)execute(QStringLiteral("ROLLBACK"));
        return;
    }
    broken.reset();
    const QString name = QStringLiteral("level%1").arg(depth);
    // Where even this fails, `broken` is set again, and ends the transactions around as well.
    if (execute(QStringLiteral("ROLLBACK TO SAVEPOINT ") + name))
        (void)execute(QStringLiteral("RELEASE SAVEPOINT ") + name);
}

Database::Database(std::unique_ptr<Private> p)
    : d(std::move(p))
{}

Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const DatabaseTarget &target)
{
    auto p = std::make_unique<Private>();
    p->target = target;
    if (auto connected = p->connect(); !connected)
        return std::move(connected).error();
    return std::unique_ptr<Database>(new Database(std::move(p)));
}

SqlEngine Database::engine() const
{
    return d->target.engine;
}

Result<QSqlQuery *> Database::run(const QString &sql, const QVariantList &values)
{
    if (d->broken)
        return *d->broken;
    if (!d->driver.isOpen())
        return d->failed({});
    // PostgreSQL prepares nothing but what takes values.
    const bool isPrepared = !values.isEmpty() || engine() == SqlEngine::Sqlite;
    auto query = d->prepared(sql, isPrepared);
    if (!query)
        return query;
    for (qsizetype i = 0; i < values.size(); ++i)
        (*query)->bindValue(static_cast<int>(i), bindable(values.at(i)));
    if (!(isPrepared ? (*query)->exec() : (*query)->exec(sql)))
        return d->failed((*query)->lastError());
    return query;
}

bool Database::takesRows() const
{
    return d->rows != nullptr;
}

Result<void> Database::runRows(const QString &sql, std::span<const SqlCell> cells)
{
    if (d->broken)
        return *d->broken;
    if (!d->rows)
        return d->failed({});
    const QSqlError error = d->rows->run(sql, cells);
    return error.isValid() ? Result<void>(d->failed(error)) : Result<void>();
}

Result<void> Database::inTransaction(const std::function<Result<void>()> &work)
{
    if (auto begun = d->begin(); !begun)
        return begun;
    auto done = work();
    if (done)
        done = d->commit();
    if (!done)
        d->rollBack();
    return done;
}

Result<void> Database::inSnapshot(const std::function<Result<void>()> &work)
{
    d->stopReading();
    const bool isSqlite = engine() == SqlEngine::Sqlite;
    auto begun = d->execute(isSqlite ? QStringLiteral("BEGIN")
                                     : QStringLiteral("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    if (!begun)
        return begun;
    ++d->depth;
    auto done = work();
    d->rollBack();
    return done;
}

Result<bool> Database::emptyLog()
{
    // SQLite takes the time limit when a statement is prepared, so these aren't kept.
    if (auto impatient = d->execute(QStringLiteral("PRAGMA busy_timeout = 0")); !impatient)
        return std::move(impatient).error();
    d->stopReading();
    QSqlQuery query(d->driver);
    const bool isDone = query.exec(QStringLiteral("PRAGMA wal_checkpoint(TRUNCATE)")) && query.next() &&
                        query.value(0).toInt() == 0;
    query.finish();
    if (auto patient = d->execute(QStringLiteral("PRAGMA busy_timeout = 5000")); !patient)
        return std::move(patient).error();
    return isDone;
}

Result<void> Database::reconnect()
{
    d->disconnect();
    d->depth = 0;
    d->broken.reset();
    return d->connect();
}

} // namespace gatehouse
