// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/message_index.h"

namespace gatehouse {

namespace {

constexpr qsizetype mostAlternatives = 32;

/// No text has this word: the sign isn't one of a word's.
QString blockWord(const QByteArray &owner, qint64 number)
{
    return ownerTag(owner) + QChar(0xa7) + QString::number(number / MessageIndex::blockSize, 36);
}

Result<void> withoutValue(Result<QSqlQuery *> done)
{
    return done ? Result<void>() : Result<void>(std::move(done).error());
}

} // namespace

Result<void> MessageIndex::add(const QByteArray &owner, qint64 number, const QString &words)
{
    if (words.isEmpty())
        return {};
    return withoutValue(
        m_database.run(QStringLiteral("INSERT INTO gatehouse_words (rowid, words) VALUES (?, ?)"),
                       {number, words + u' ' + blockWord(owner, number)}));
}

// To FTS5, the words must be those that were added.
Result<void> MessageIndex::remove(const QByteArray &owner, qint64 number, const QString &words)
{
    if (words.isEmpty())
        return {};
    return withoutValue(
        m_database.run(QStringLiteral("INSERT INTO gatehouse_words (gatehouse_words, rowid, words)"
                                      " VALUES ('delete', ?, ?)"),
                       {number, words + u' ' + blockWord(owner, number)}));
}

// Words hold nothing but letters, digits and marks, so quotes around them are all the quoting there is.
Result<MessageIndex::Expression> MessageIndex::expression(const QByteArray &owner, const WordQuery &query)
{
    const bool isSqlite = m_database.engine() == SqlEngine::Sqlite;
    const QString tag = ownerTag(owner);
    const QString quoted = isSqlite ? QStringLiteral("\"%1\"") : QStringLiteral("'%1'");
    QStringList parts;
    for (const QString &word : query.words)
        parts.append(quoted.arg(tag + word));
    bool isGathered = query.isLongBeginning();
    if (isSqlite && isGathered) {
        const auto words = wordsBeginning(tag + query.words.constLast(), mostAlternatives + 1);
        if (!words)
            return words.error();
        if (words->isEmpty())
            return Expression();
        isGathered = words->size() > mostAlternatives;
        if (!isGathered)
            parts.last() = QStringLiteral("(\"%1\")").arg(words->join(QLatin1String("\" OR \"")));
    }
    const bool isListed = isSqlite && query.isLongBeginning() && !isGathered;
    if (query.lastIsBeginning && !isListed)
        parts.last().append(isSqlite ? QLatin1String(" *") : QLatin1String(":*"));
    return Expression{parts.join(isSqlite ? QLatin1String(" AND ") : QLatin1String(" & ")),
                      isSqlite && !isGathered && parts.size() > 1};
}

QString MessageIndex::inBlockOf(const QByteArray &owner, qint64 number, const QString &expression)
{
    return QStringLiteral("\"%1\" AND %2").arg(blockWord(owner, number), expression);
}

// From each word straight to the next, however often it occurs.
Result<QStringList> MessageIndex::wordsBeginning(const QString &beginning, qsizetype most)
{
    QStringList words;
    QString from = beginning;
    while (words.size() < most) {
        auto query = m_database.run(
            QStringLiteral("SELECT term FROM gatehouse_word_list WHERE term >= ? LIMIT 1"), {from});
        if (!query)
            return std::move(query).error();
        const QString word = (*query)->next() ? (*query)->value(0).toString() : QString();
        (*query)->finish();
        if (!word.startsWith(beginning))
            break;
        words.append(word);
        from = word + QChar(1);
    }
    return words;
}

} // namespace gatehouse
