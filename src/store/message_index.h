// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"
#include "store/message_words.h"

namespace gatehouse {

/// The index of the messages' words: FTS5 on SQLite, where it is a table without content that must be told
/// what goes, a tsvector in the message's row on PostgreSQL, where it goes with the row. Used in the
/// database's thread, inside a transaction with the rows.
class MessageIndex
{
public:
    explicit MessageIndex(Database &database)
        : m_database(database)
    {}

    /// SQLite only. `words`: indexedWords() of the message.
    [[nodiscard]] Result<void> add(const QByteArray &owner, qint64 number, const QString &words);
    [[nodiscard]] Result<void> remove(const QByteArray &owner, qint64 number, const QString &words);

    /// On SQLite, each message has one more word: which block of so many numbers its own is in. FTS5 looks
    /// for messages that have several words until there is one, however long that takes; with the block among
    /// the words, it stops at the block's end.
    static constexpr qint64 blockSize = 32 * 1024;
    [[nodiscard]] static QString inBlockOf(const QByteArray &owner, qint64 number, const QString &expression);

    /// FTS5's or PostgreSQL's expression for a query that has words.
    struct Expression
    {
        QString text; ///< Empty: nothing matches.
        /// It is worth while to ask block by block: FTS5 has several words to look for, and no beginning for
        /// which it would gather everything each time.
        bool goesByBlocks = false;
    };
    [[nodiscard]] Result<Expression> expression(const QByteArray &owner, const WordQuery &query);

private:
    [[nodiscard]] Result<QStringList> wordsBeginning(const QString &beginning, qsizetype most);

    Database &m_database;
};

} // namespace gatehouse
