// SPDX-License-Identifier: GPL-3.0-or-later
// SessionRepository::search(): a statement of its own for each engine.
#include "store/message_index.h"
#include "store/session_repository.h"
#include "store/sql_value.h"

#include <algorithm>
#include <chrono>

namespace gatehouse {

namespace {

/// How far into a message its snippet is looked for, in characters.
constexpr int searchedForSnippet = 4 * 1024;
constexpr qsizetype shownText = 500;

/// Of looking block by block, and of making snippets.
constexpr auto longEnough = std::chrono::milliseconds(25);
/// Of all, once there is a hit: texts may be so long that reading them takes time.
constexpr auto longest = std::chrono::milliseconds(250);

// The index gives the numbers in order, and only as many as are asked for; what it still knows of sessions
// that were removed has no owner.
QString statement(bool isSqlite)
{
    const QString columns =
        QStringLiteral("SELECT s.id, s.title, m.number, m.created_at, m.prompt_tokens, m.completion_tokens,"
                       " m.role, m.model, m.finish_reason, m.request_id, substr(m.text, 1, %1) FROM ")
            .arg(searchedForSnippet);
    if (isSqlite)
        return columns +
               QStringLiteral("gatehouse_words w CROSS JOIN gatehouse_messages m ON m.number = w.rowid"
                              " CROSS JOIN gatehouse_sessions s ON s.number = m.session"
                              " WHERE w.gatehouse_words MATCH ? AND s.owner = ? AND w.rowid < ?"
                              " ORDER BY w.rowid DESC LIMIT ?");
    return columns + QStringLiteral("gatehouse_messages m JOIN gatehouse_sessions s ON s.number = m.session"
                                    " WHERE m.words @@ CAST(? AS tsquery) AND s.owner = ? AND m.number < ?"
                                    " ORDER BY m.number DESC LIMIT ?");
}

/// Without the snippet.
SearchHit hitAt(const QSqlQuery &query, const QString &text)
{
    return {.sessionId = query.value(0).toString().toUtf8(),
            .sessionTitle = query.value(1).toString(),
            .message = {.number = query.value(2).toLongLong(),
                        .role = query.value(6).toString().toUtf8(),
                        .text = text.left(shownText).toUtf8(),
                        .model = query.value(7).toString().toUtf8(),
                        .finishReason = query.value(8).toString().toUtf8(),
                        .promptTokens = query.value(4).toLongLong(),
                        .completionTokens = query.value(5).toLongLong(),
                        .requestId = query.value(9).toString().toUtf8(),
                        .createdAt = timeAt(query, 3)},
            .snippet = {}};
}

/// One search, block by block of the messages' numbers where that bounds the time.
class Walk
{
public:
    using Clock = std::chrono::steady_clock;

    Walk(Database &database, const SessionRepository::Search &search, const WordQuery &words)
        : m_database(database)
        , m_search(search)
        , m_words(words)
    {}

    Result<SessionRepository::SearchPage> run()
    {
        const auto expression = MessageIndex(m_database).expression(m_search.owner, m_words);
        if (!expression)
            return expression.error();
        const auto newest = newestNumber();
        if (!newest)
            return newest.error();
        if (expression->text.isEmpty() || *newest == 0)
            return std::move(m_page);
        m_below = m_search.below > 0 ? std::min(m_search.below, *newest + 1) : *newest + 1;
        auto looked = expression->goesByBlocks ? lookAtBlocks(expression->text) : lookAt(expression->text);
        return looked ? Result<SessionRepository::SearchPage>(std::move(m_page))
                      : Result<SessionRepository::SearchPage>(std::move(looked).error());
    }

private:
    Result<void> lookAtBlocks(const QString &expression)
    {
        while (m_below > 1 && m_page.next == 0) {
            if (Clock::now() - m_begun > longEnough) {
                m_page.next = m_below;
                break;
            }
            const qint64 newest = m_below - 1;
            auto looked = lookAt(MessageIndex::inBlockOf(m_search.owner, newest, expression));
            if (!looked)
                return looked;
            m_below = newest / MessageIndex::blockSize * MessageIndex::blockSize;
        }
        return {};
    }

    Result<qint64> newestNumber()
    {
        auto query = m_database.run(QStringLiteral("SELECT max(number) FROM gatehouse_messages"));
        if (!query)
            return std::move(query).error();
        const qint64 number = (*query)->next() ? (*query)->value(0).toLongLong() : 0;
        (*query)->finish();
        return number;
    }

    /// Numbers below m_below. One hit more than is wanted tells that there is a next page.
    Result<void> lookAt(const QString &expression)
    {
        auto query = m_database.run(statement(m_database.engine() == SqlEngine::Sqlite),
                                    {expression, QString::fromUtf8(m_search.owner), m_below,
                                     m_search.limit - m_page.hits.size() + 1});
        if (!query)
            return std::move(query).error();
        while ((*query)->next()) {
            const bool isLate = !m_page.hits.isEmpty() && Clock::now() - m_begun > longest;
            if (m_page.hits.size() == m_search.limit || isLate) {
                m_page.next = m_page.hits.last().message.number;
                break;
            }
            const QString text = (*query)->value(10).toString();
            m_page.hits.append(hitAt(**query, text));
            m_page.hits.last().snippet = snippet(text);
        }
        (*query)->finish();
        return {};
    }

    /// Around the first match; when that has taken long enough for this page, the text's beginning.
    QString snippet(const QString &text)
    {
        if (m_onSnippets > longEnough)
            return snippetOf(text, WordQuery());
        const auto begun = Clock::now();
        QString found = snippetOf(text, m_words);
        m_onSnippets += Clock::now() - begun;
        return found;
    }

    Database &m_database;
    const SessionRepository::Search &m_search;
    const WordQuery &m_words;
    const Clock::time_point m_begun = Clock::now();
    Clock::duration m_onSnippets{0};
    qint64 m_below = 0;
    SessionRepository::SearchPage m_page;
};

} // namespace

Result<SessionRepository::SearchPage> SessionRepository::search(const Search &search)
{
    const WordQuery words = parseWordQuery(search.words);
    if (words.words.isEmpty() || search.owner.isEmpty() || search.limit < 1)
        return SearchPage();
    return Walk(m_database, search, words).run();
}

} // namespace gatehouse
