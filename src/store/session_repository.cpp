// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/session_repository.h"

#include "store/message_index.h"
#include "store/sql_value.h"

#include <QCoreApplication>

#include <algorithm>
#include <functional>

namespace gatehouse {

namespace {

constexpr char sessionColumns[] =
    "SELECT owner, id, title, created_at, updated_at, messages FROM gatehouse_sessions ";
constexpr char messageColumns[] =
    "SELECT m.number, m.created_at, m.prompt_tokens, m.completion_tokens, m.role, m.model,"
    " m.finish_reason, m.request_id, m.text, m.json FROM gatehouse_messages m ";

Error noSuchSession()
{
    return {ErrorCode::NotFound,
            QCoreApplication::translate("SessionRepository", "There is no such session.")};
}

QVariantList values(const SessionKey &key)
{
    return {QString::fromUtf8(key.owner), QString::fromUtf8(key.id)};
}

QString cutTitle(const QString &title)
{
    QString cut = title.left(SessionRepository::maxTitleLength);
    if (!cut.isEmpty() && cut.back().isHighSurrogate())
        cut.chop(1);
    return cut;
}

SessionRecord sessionAt(const QSqlQuery &query)
{
    return {.id = query.value(1).toString().toUtf8(),
            .owner = query.value(0).toString().toUtf8(),
            .title = query.value(2).toString(),
            .createdAt = timeAt(query, 3),
            .updatedAt = timeAt(query, 4),
            .messages = query.value(5).toLongLong()};
}

MessageRecord messageAt(const QSqlQuery &query)
{
    return {.number = query.value(0).toLongLong(),
            .role = query.value(4).toString().toUtf8(),
            .text = query.value(8).toString().toUtf8(),
            .json = query.value(9).toString().toUtf8(),
            .model = query.value(5).toString().toUtf8(),
            .finishReason = query.value(6).toString().toUtf8(),
            .promptTokens = query.value(2).toLongLong(),
            .completionTokens = query.value(3).toLongLong(),
            .requestId = query.value(7).toString().toUtf8(),
            .createdAt = timeAt(query, 1)};
}

/// The statement's first value in its first row; unset: it has no row.
Result<std::optional<qint64>> oneNumber(Database &database, const QString &sql, const QVariantList &values)
{
    auto query = database.run(sql, values);
    if (!query)
        return std::move(query).error();
    std::optional<qint64> number;
    if ((*query)->next())
        number = (*query)->value(0).toLongLong();
    (*query)->finish();
    return number;
}

/// The session's number; unset: it isn't there. (Without an owner are those that were removed.)
Result<std::optional<qint64>> numberOf(Database &database, const SessionKey &key)
{
    if (key.owner.isEmpty())
        return std::optional<qint64>();
    return oneNumber(database,
                     QStringLiteral("SELECT number FROM gatehouse_sessions WHERE owner = ? AND id = ?"),
                     values(key));
}

Result<QList<MessageRecord>> readMessages(Database &database, const QString &tail, const QVariantList &values)
{
    auto query = database.run(QLatin1String(messageColumns) + tail, values);
    if (!query)
        return std::move(query).error();
    QList<MessageRecord> messages;
    while ((*query)->next())
        messages.append(messageAt(**query));
    return messages;
}

/// Up to which row, in the order of the statement (number, bytes), the sizes together stay within a bound,
/// but for the first; unset: there is none.
Result<std::optional<qint64>> numberWithin(Database &database, const QString &sql, const QVariantList &values,
                                           qint64 maxBytes)
{
    auto query = database.run(sql, values);
    if (!query)
        return std::move(query).error();
    std::optional<qint64> number;
    qint64 bytes = 0;
    while ((*query)->next()) {
        bytes += (*query)->value(1).toLongLong();
        if (number && bytes > maxBytes)
            break;
        number = (*query)->value(0).toLongLong();
    }
    (*query)->finish();
    return number;
}

/// The session's number; it is there afterwards.
Result<std::optional<qint64>> openSession(Database &database, const SessionKey &key, const QString &title,
                                          const QList<MessageRecord> &messages)
{
    return oneNumber(
        database,
        QStringLiteral("INSERT INTO gatehouse_sessions (owner, id, title, created_at, updated_at, messages)"
                       " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (owner, id) DO UPDATE SET"
                       " updated_at = CASE WHEN excluded.updated_at > gatehouse_sessions.updated_at"
                       " THEN excluded.updated_at ELSE gatehouse_sessions.updated_at END,"
                       " messages = gatehouse_sessions.messages + excluded.messages RETURNING number"),
        values(key) + QVariantList{cutTitle(title), sqlTime(messages.constFirst().createdAt),
                                   sqlTime(messages.constLast().createdAt), messages.size()});
}

/// The session's number, if it is there.
Result<std::optional<qint64>> touchSession(Database &database, const SessionKey &key,
                                           const QList<MessageRecord> &messages)
{
    const QVariant time = sqlTime(messages.constLast().createdAt);
    return oneNumber(database,
                     QStringLiteral("UPDATE gatehouse_sessions SET messages = messages + ?,"
                                    " updated_at = CASE WHEN updated_at < ? THEN ? ELSE updated_at END"
                                    " WHERE owner = ? AND id = ? RETURNING number"),
                     QVariantList{messages.size(), time, time} + values(key));
}

/// The text exactly as the database gives it back, since its words must be made again from that. Byte order
/// marks at its beginning would be taken for such on the way, and zeros are nothing that both engines hold.
QString storable(const QByteArray &text)
{
    QString stored = QString::fromUtf8(text);
    stored.replace(QChar::Null, QChar::ReplacementCharacter);
    qsizetype marks = 0;
    while (marks < stored.size() &&
           (stored[marks] == QChar::ByteOrderMark || stored[marks] == QChar::ByteOrderSwapped))
        ++marks;
    return marks > 0 ? stored.mid(marks) : stored;
}

Result<qint64> addMessage(Database &database, const QByteArray &owner, qint64 session,
                          const MessageRecord &message)
{
    const bool isSqlite = database.engine() == SqlEngine::Sqlite;
    const QString text = storable(message.text);
    // No character is less than a byte; the two more are for the one that is cut.
    const QString words = indexedWords(owner, text.left(mostIndexedText + 2).toUtf8());
    QVariantList cells{session,
                       message.text.size() + message.json.size(),
                       sqlTime(message.createdAt),
                       message.promptTokens,
                       message.completionTokens,
                       QString::fromUtf8(message.role),
                       QString::fromUtf8(message.model),
                       QString::fromUtf8(message.finishReason),
                       QString::fromUtf8(message.requestId),
                       text,
                       QString::fromUtf8(message.json)};
    if (!isSqlite)
        cells.append(words);
    const QString sql =
        QStringLiteral("INSERT INTO gatehouse_messages (session, bytes, created_at, prompt_tokens,"
                       " completion_tokens, role, model, finish_reason, request_id, text, json%1)"
                       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?%2) RETURNING number");
    const auto number =
        oneNumber(database,
                  isSqlite ? sql.arg(QString(), QString())
                           : sql.arg(QStringLiteral(", words"),
                                     QStringLiteral(", array_to_tsvector(string_to_array(?, ' '))")),
                  cells);
    if (!number)
        return number.error();
    if (isSqlite) {
        if (auto indexed = MessageIndex(database).add(owner, number->value_or(0), words); !indexed)
            return std::move(indexed).error();
    }
    return number->value_or(0);
}

/// `session`: its number; unset: it isn't there, and nothing is added.
Result<QList<MessageRecord>> add(Database &database, const QByteArray &owner,
                                 const QList<MessageRecord> &messages,
                                 const std::function<Result<std::optional<qint64>>()> &session)
{
    QList<MessageRecord> stored;
    auto done = database.inTransaction([&]() -> Result<void> {
        const auto number = session();
        if (!number)
            return number.error();
        if (!*number)
            return {};
        for (MessageRecord message : messages) {
            const auto added = addMessage(database, owner, **number, message);
            if (!added)
                return added.error();
            message.number = *added;
            stored.append(message);
        }
        return {};
    });
    return done ? Result<QList<MessageRecord>>(stored)
                : Result<QList<MessageRecord>>(std::move(done).error());
}

} // namespace

Result<QList<MessageRecord>> SessionRepository::append(const SessionKey &key, const QString &title,
                                                       const QList<MessageRecord> &messages)
{
    if (key.owner.isEmpty() || key.id.isEmpty())
        return Error{ErrorCode::InvalidRequest,
                     QCoreApplication::translate("SessionRepository", "A session needs an owner and an id.")};
    if (messages.isEmpty())
        return messages;
    return add(m_database, key.owner, messages,
               [&] { return openSession(m_database, key, title, messages); });
}

Result<QList<MessageRecord>> SessionRepository::extend(const SessionKey &key,
                                                       const QList<MessageRecord> &messages)
{
    if (key.owner.isEmpty() || messages.isEmpty())
        return QList<MessageRecord>();
    return add(m_database, key.owner, messages, [&] { return touchSession(m_database, key, messages); });
}

Result<QList<MessageRecord>> SessionRepository::tail(const SessionKey &key, qint64 maxMessages,
                                                     qint64 maxBytes)
{
    const auto session = numberOf(m_database, key);
    if (!session)
        return session.error();
    if (!*session)
        return QList<MessageRecord>();
    const auto first =
        numberWithin(m_database,
                     QStringLiteral("SELECT number, bytes FROM gatehouse_messages WHERE session = ?"
                                    " ORDER BY number DESC LIMIT ?"),
                     {**session, std::max<qint64>(maxMessages, 0)}, maxBytes);
    if (!first)
        return first.error();
    if (!*first)
        return QList<MessageRecord>();
    return readMessages(m_database, QStringLiteral("WHERE m.session = ? AND m.number >= ? ORDER BY m.number"),
                        {**session, **first});
}

Result<QList<SessionRecord>> SessionRepository::sessions(const QByteArray &owner,
                                                         const std::optional<Before> &before, qint64 limit)
{
    QString where = QStringLiteral("WHERE owner <> ''");
    QVariantList values;
    if (!owner.isEmpty()) {
        where = QStringLiteral("WHERE owner = ?");
        values.append(QString::fromUtf8(owner));
    }
    if (before) {
        const bool isOne = !owner.isEmpty();
        where += isOne ? QLatin1String(" AND (updated_at, id) < (?, ?)")
                       : QLatin1String(" AND (updated_at, owner, id) < (?, ?, ?)");
        values.append(sqlTime(before->updatedAt));
        if (!isOne)
            values.append(QString::fromUtf8(before->owner));
        values.append(QString::fromUtf8(before->id));
    }
    values.append(std::max<qint64>(limit, 0));
    auto query =
        m_database.run(QLatin1String(sessionColumns) + where +
                           (owner.isEmpty() ? QLatin1String(" ORDER BY updated_at DESC, owner DESC, id DESC")
                                            : QLatin1String(" ORDER BY updated_at DESC, id DESC")) +
                           QLatin1String(" LIMIT ?"),
                       values);
    if (!query)
        return std::move(query).error();
    QList<SessionRecord> sessions;
    while ((*query)->next())
        sessions.append(sessionAt(**query));
    return sessions;
}

Result<SessionRecord> SessionRepository::find(const SessionKey &key)
{
    auto query = m_database.run(QLatin1String(sessionColumns) + QLatin1String("WHERE owner = ? AND id = ?"),
                                values(key));
    if (!query)
        return std::move(query).error();
    if (key.owner.isEmpty() || !(*query)->next())
        return noSuchSession();
    SessionRecord session = sessionAt(**query);
    (*query)->finish();
    return session;
}

Result<SessionKey> SessionRepository::findAnywhere(const QByteArray &id)
{
    auto query = m_database.run(
        QStringLiteral("SELECT owner FROM gatehouse_sessions WHERE id = ? AND owner <> '' LIMIT 2"),
        {QString::fromUtf8(id)});
    if (!query)
        return std::move(query).error();
    QByteArrayList owners;
    while ((*query)->next())
        owners.append((*query)->value(0).toString().toUtf8());
    if (owners.isEmpty())
        return noSuchSession();
    if (owners.size() > 1)
        return Error{
            ErrorCode::RouteConflict,
            QCoreApplication::translate("SessionRepository",
                                        "Several keys have a session of this name; say which with 'key_id'."),
            {},
            QByteArrayLiteral("key_id"),
            QByteArrayLiteral("ambiguous_session")};
    return SessionKey{owners.constFirst(), id};
}

Result<QList<MessageRecord>> SessionRepository::messages(const SessionKey &key, const Page &page)
{
    const auto session = numberOf(m_database, key);
    if (!session)
        return session.error();
    if (!*session)
        return noSuchSession();
    const auto last =
        numberWithin(m_database,
                     QStringLiteral("SELECT number, bytes FROM gatehouse_messages WHERE session = ?"
                                    " AND number > ? ORDER BY number LIMIT ?"),
                     {**session, page.after, std::max<qint64>(page.limit, 1)}, page.maxBytes);
    if (!last)
        return last.error();
    if (!*last)
        return QList<MessageRecord>();
    return readMessages(
        m_database,
        QStringLiteral("WHERE m.session = ? AND m.number > ? AND m.number <= ? ORDER BY m.number"),
        {**session, page.after, **last});
}

Result<bool> SessionRepository::hasMessagesAfter(const SessionKey &key, qint64 number)
{
    const auto session = numberOf(m_database, key);
    if (!session)
        return session.error();
    const auto next = oneNumber(
        m_database,
        QStringLiteral("SELECT number FROM gatehouse_messages WHERE session = ? AND number > ? LIMIT 1"),
        {session->value_or(0), number});
    if (!next)
        return next.error();
    return next->has_value();
}

Result<SessionRecord> SessionRepository::rename(const SessionKey &key, const QString &title, WallTime at)
{
    auto renamed = m_database.run(
        QStringLiteral("UPDATE gatehouse_sessions SET title = ?, updated_at = CASE WHEN updated_at < ? THEN ?"
                       " ELSE updated_at END WHERE owner = ? AND id = ?"),
        QVariantList{cutTitle(title), sqlTime(at), sqlTime(at)} + values(key));
    if (!renamed)
        return std::move(renamed).error();
    return find(key);
}

// Who finds a session has its owner, so one without is gone at once, however much it holds.
Result<void> SessionRepository::remove(const SessionKey &key)
{
    auto removed = m_database.run(
        QStringLiteral("UPDATE gatehouse_sessions SET former_owner = owner, owner = '', title = '',"
                       " id = CAST(number AS TEXT) WHERE owner = ? AND id = ?"),
        values(key));
    if (!removed)
        return std::move(removed).error();
    if (key.owner.isEmpty() || (*removed)->numRowsAffected() < 1)
        return noSuchSession();
    return {};
}

Result<qint64> SessionRepository::removeUnusedSince(WallTime time, qint64 limit)
{
    auto removed = m_database.run(
        QStringLiteral("UPDATE gatehouse_sessions SET former_owner = owner, owner = '', title = '',"
                       " id = CAST(number AS TEXT) WHERE number IN (SELECT number FROM gatehouse_sessions"
                       " WHERE updated_at < ? AND owner <> '' ORDER BY updated_at LIMIT ?)"),
        {sqlTime(time), std::max<qint64>(limit, 0)});
    if (!removed)
        return std::move(removed).error();
    return (*removed)->numRowsAffected();
}

} // namespace gatehouse
