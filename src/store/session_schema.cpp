// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/session_schema.h"

namespace gatehouse {

namespace {

// A session that was removed has no owner any more, its number for an id, and in former_owner whose it was,
// until its messages are gone, too (see message_purge.cpp).
QStringList sessionTables(const QString &number)
{
    return {
        QStringLiteral(
            "CREATE TABLE gatehouse_sessions (number %1, owner TEXT NOT NULL, id TEXT NOT NULL,"
            " former_owner TEXT NOT NULL DEFAULT '', title TEXT NOT NULL, created_at BIGINT NOT NULL,"
            " updated_at BIGINT NOT NULL, messages BIGINT NOT NULL, UNIQUE (owner, id))")
            .arg(number),
        QStringLiteral(
            "CREATE INDEX gatehouse_sessions_by_owner ON gatehouse_sessions (owner, updated_at, id)"),
        QStringLiteral(
            "CREATE INDEX gatehouse_sessions_by_time ON gatehouse_sessions (updated_at, owner, id)"),
        QStringLiteral("CREATE INDEX gatehouse_sessions_by_id ON gatehouse_sessions (id)"),
    };
}

// Numbers rise with the insertion, over all sessions, and are never used again. bytes: those of text and
// json, before them in the row, so that they can be read without.
QString messageTable(const QString &number, const QString &words)
{
    return QStringLiteral(
               "CREATE TABLE gatehouse_messages (number %1,"
               " session BIGINT NOT NULL REFERENCES gatehouse_sessions (number), bytes BIGINT NOT NULL,"
               " created_at BIGINT NOT NULL, prompt_tokens BIGINT NOT NULL, completion_tokens BIGINT NOT "
               "NULL,"
               " role TEXT NOT NULL, model TEXT NOT NULL, finish_reason TEXT NOT NULL,"
               " request_id TEXT NOT NULL%2, text TEXT NOT NULL, json TEXT NOT NULL)")
        .arg(number, words);
}

// What stands in the index of words: see store/message_words.h. The prefixes are those of one to six
// characters behind the owner's six.
QStringList sqliteIndex()
{
    return {
        QStringLiteral("CREATE INDEX gatehouse_messages_by_session ON gatehouse_messages (session)"),
        QStringLiteral("CREATE VIRTUAL TABLE gatehouse_words USING fts5(words, content='', detail=none,"
                       " columnsize=0, tokenize='ascii', prefix='7 8 9 10 11 12')"),
        QStringLiteral("CREATE VIRTUAL TABLE gatehouse_word_list USING fts5vocab(gatehouse_words, instance)"),
        // Merging that was asked for joins any two segments, so that it ends when nothing old is left.
        QStringLiteral("INSERT INTO gatehouse_words (gatehouse_words, rank) VALUES ('usermerge', 2)"),
    };
}

// The server's own vacuum comes after any deletion, and takes the words along.
QStringList postgresIndex()
{
    return {
        QStringLiteral("ALTER TABLE gatehouse_messages SET (autovacuum_vacuum_threshold = 1,"
                       " autovacuum_vacuum_scale_factor = 0, vacuum_index_cleanup = on)"),
        QStringLiteral("CREATE INDEX gatehouse_messages_by_session ON gatehouse_messages (session, number)"),
        QStringLiteral("CREATE INDEX gatehouse_messages_by_word ON gatehouse_messages USING gin (words)"),
    };
}

} // namespace

QStringList sessionSchema(SqlEngine engine)
{
    if (engine == SqlEngine::Sqlite) {
        const QString number = QStringLiteral("INTEGER PRIMARY KEY AUTOINCREMENT");
        return sessionTables(number) + QStringList{messageTable(number, {})} + sqliteIndex();
    }
    const QString number = QStringLiteral("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
    return sessionTables(number) +
           QStringList{messageTable(number, QStringLiteral(", words TSVECTOR NOT NULL"))} + postgresIndex();
}

} // namespace gatehouse
