// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/ledger.h"

#include "store/ledger_record.h"
#include "store/row_insert.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace gatehouse {

using namespace std::chrono_literals;

namespace {

constexpr WallTime latest = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);
constexpr qint64 mostTokens = 1'000'000'000'000; // Sums stay far from the end of 64 bits.
constexpr double mostMs = 1e12;
constexpr int requestColumns = 16;

const RowInsert &requestInsert()
{
    static const RowInsert insert(
        QStringLiteral(
            "INSERT INTO gatehouse_requests (at, request_id, key_number, method, endpoint, status, failure, "
            "error, model,"
            " route, prompt_tokens, completion_tokens, cached_tokens, tokens_estimated,"
            " first_token_ms, response_ms)"),
        requestColumns);
    return insert;
}

const RowInsert &dayInsert()
{
    static const RowInsert insert(
        QStringLiteral("INSERT INTO gatehouse_ledger_days (day, first_number, last_number)"), 3,
        QStringLiteral("ON CONFLICT (day) DO UPDATE SET first_number = CASE"
                       " WHEN excluded.first_number < gatehouse_ledger_days.first_number"
                       " THEN excluded.first_number ELSE gatehouse_ledger_days.first_number END,"
                       " last_number = CASE WHEN excluded.last_number > gatehouse_ledger_days.last_number"
                       " THEN excluded.last_number ELSE gatehouse_ledger_days.last_number END"));
    return insert;
}

bool isPlain(const QByteArray &text)
{
    return text.size() <= maxLedgerText && std::ranges::all_of(text, [](char c) {
               return static_cast<signed char>(c) > 0;
           }); // ASCII without NUL.
}

void putTextRight(QByteArray &text)
{
    if (!isPlain(text))
        text = QString::fromUtf8(cutLedgerText(text)).replace(QChar(0), QChar::ReplacementCharacter).toUtf8();
}

double msInOrder(double ms)
{
    return std::isfinite(ms) ? std::clamp(ms, 0.0, mostMs) : 0;
}

LedgerRow putRight(LedgerRow row)
{
    row.at = std::clamp(row.at, WallTime{}, latest);
    row.status = std::clamp(row.status, 0, 999);
    for (QByteArray *text :
         {&row.requestId, &row.keyId, &row.method, &row.endpoint, &row.error, &row.model, &row.route})
        putTextRight(*text);
    for (qint64 *tokens : {&row.promptTokens, &row.completionTokens, &row.cachedTokens})
        *tokens = std::clamp<qint64>(*tokens, 0, mostTokens);
    if (row.firstTokenMs)
        row.firstTokenMs = msInOrder(*row.firstTokenMs);
    row.responseMs = msInOrder(row.responseMs);
    return row;
}

qint64 msSinceEpoch(WallTime at)
{
    return at.time_since_epoch().count();
}

void addCells(std::vector<SqlCell> &cells, const LedgerRow &row, qint64 keyNumber)
{
    const auto add = [&cells](auto value) {
        cells.emplace_back(value);
    };
    const auto addText = [&cells](const QByteArray &text) {
        cells.emplace_back(QByteArrayView(text));
    };
    add(msSinceEpoch(row.at));
    addText(row.requestId);
    add(keyNumber);
    addText(row.method);
    addText(row.endpoint);
    add(qint64(row.status));
    cells.push_back(row.status >= 400 ? SqlCell(qint64(row.status / 100)) : SqlCell());
    for (const QByteArray *text : {&row.error, &row.model, &row.route})
        addText(*text);
    for (const qint64 number : {row.promptTokens, row.completionTokens, row.cachedTokens})
        add(number);
    add(qint64(row.tokensEstimated ? 1 : 0));
    cells.push_back(row.firstTokenMs ? SqlCell(*row.firstTokenMs) : SqlCell());
    add(row.responseMs);
}

RequestPage::Entry readEntry(const QSqlQuery &query)
{
    const auto text = [&query](int column) {
        return query.value(column).toString().toUtf8();
    };
    const auto integer = [&query](int column) {
        return query.value(column).toLongLong();
    };
    RequestPage::Entry entry{
        .number = integer(0),
        .row = {.at = WallTime(std::chrono::milliseconds(integer(1))),
                .requestId = text(2),
                .keyId = text(3),
                .method = text(4),
                .endpoint = text(5),
                .status = static_cast<int>(integer(6)),
                .error = text(7),
                .model = text(8),
                .route = text(9),
                .promptTokens = integer(10),
                .completionTokens = integer(11),
                .cachedTokens = integer(12),
                .tokensEstimated = integer(13) != 0,
                .responseMs = query.value(15).toDouble()},
    };
    if (const QVariant firstToken = query.value(14); !firstToken.isNull())
        entry.row.firstTokenMs = firstToken.toDouble();
    return entry;
}

/// Conditions joined by AND, and their values.
class Conditions
{
public:
    void add(const QString &condition, const QVariantList &values = {})
    {
        m_text += (m_text.isEmpty() ? QStringLiteral(" WHERE ") : QStringLiteral(" AND ")) + condition;
        m_values += values;
    }
    void addStatus(int status)
    {
        const int statusClass = status < 10 ? status : status / 100;
        if (statusClass >= 4)
            add(QStringLiteral("failure = ?"), {statusClass});
        else
            add(QStringLiteral("status / 100 = ?"), {statusClass});
        if (status >= 10)
            add(QStringLiteral("status = ?"), {status});
    }
    // Rows that began on those days have their numbers in between: few others must be looked at.
    void addTime(const std::optional<WallTime> &from, const std::optional<WallTime> &to)
    {
        if (from) {
            add(QStringLiteral("at >= ?"), {msSinceEpoch(*from)});
            add(QStringLiteral(
                    "number >= (SELECT MIN(first_number) FROM gatehouse_ledger_days WHERE day >= ?)"),
                {dayOf(*from)});
        }
        if (to) {
            add(QStringLiteral("at < ?"), {msSinceEpoch(*to)});
            add(QStringLiteral(
                    "number <= (SELECT MAX(last_number) FROM gatehouse_ledger_days WHERE day <= ?)"),
                {dayOf(*to)});
        }
    }
    [[nodiscard]] const QString &text() const { return m_text; }
    [[nodiscard]] const QVariantList &values() const { return m_values; }

private:
    QString m_text;
    QVariantList m_values;
};

Conditions conditionsOf(const LedgerFilter &filter, std::optional<qint64> before)
{
    Conditions conditions;
    if (before)
        conditions.add(QStringLiteral("number < ?"), {*before});
    if (filter.keyId)
        conditions.add(
            QStringLiteral("key_number = (SELECT number FROM gatehouse_usage_names WHERE name = ?)"),
            {QString::fromUtf8(*filter.keyId)});
    if (filter.model)
        conditions.add(QStringLiteral("model = ?"), {QString::fromUtf8(*filter.model)});
    if (filter.endpoint)
        conditions.add(QStringLiteral("endpoint = ?"), {QString::fromUtf8(*filter.endpoint)});
    if (filter.status)
        conditions.addStatus(*filter.status);
    conditions.addTime(filter.from, filter.to);
    return conditions;
}

} // namespace

Result<void> Ledger::append(std::span<const LedgerRow> rows)
{
    if (rows.empty())
        return {};
    std::vector<LedgerRow> right;
    right.reserve(rows.size());
    std::vector<SqlCell> cells;
    cells.reserve(requestColumns * rows.size());
    for (const LedgerRow &row : rows) {
        right.push_back(putRight(row));
        const auto keyNumber = m_usage.numberOf(right.back().keyId);
        if (!keyNumber)
            return keyNumber.error();
        addCells(cells, right.back(), *keyNumber);
    }
    const auto before = newestNumber();
    if (!before)
        return before.error();
    auto done = requestInsert().run(m_database, cells);
    if (done)
        done = noteDays(right, *before);
    return done ? m_usage.add(right) : done;
}

Result<qint64> Ledger::newestNumber()
{
    auto query = m_database.run(QStringLiteral("SELECT MAX(number) FROM gatehouse_requests"));
    if (!query)
        return std::move(query).error();
    return (*query)->next() ? (*query)->value(0).toLongLong() : 0;
}

// Which of the rows after `after` began on which day need not be asked: a span may be a little too long. Rows
// of another process may be among them; that does no harm either.
Result<void> Ledger::noteDays(std::span<const LedgerRow> rows, qint64 after)
{
    const auto newest = newestNumber();
    if (!newest)
        return newest.error();
    std::set<qint64> days; // In one order everywhere: two processes could wait for each other's rows.
    for (const LedgerRow &row : rows)
        days.insert(dayOf(row.at));
    std::vector<SqlCell> cells;
    for (const qint64 day : days)
        cells.insert(cells.end(), {day, after + 1, *newest});
    return dayInsert().run(m_database, cells);
}

Result<UsageStats> Ledger::stats(const LedgerFilter &filter)
{
    return m_usage.stats(filter);
}

Result<RequestPage> Ledger::requests(const LedgerFilter &filter, std::optional<qint64> before, int limit)
{
    const Conditions conditions = conditionsOf(filter, before);
    auto query = m_database.run(
        QStringLiteral(
            "SELECT number, at, request_id,"
            " (SELECT name FROM gatehouse_usage_names WHERE gatehouse_usage_names.number = key_number),"
            " method, endpoint, status, error, model, route,"
            " prompt_tokens, completion_tokens, cached_tokens, tokens_estimated, first_token_ms,"
            " response_ms FROM gatehouse_requests") +
            conditions.text() + QStringLiteral(" ORDER BY number DESC LIMIT ?"),
        conditions.values() + QVariantList{qint64(limit) + 1});
    if (!query)
        return std::move(query).error();
    RequestPage page;
    while ((*query)->next()) {
        page.hasMore = page.entries.size() == limit;
        if (page.hasMore)
            break;
        page.entries.append(readEntry(**query));
    }
    (*query)->finish();
    return page;
}

Result<QHash<QByteArray, qint64>> Ledger::tokensInMonth(WallTime at)
{
    return m_usage.tokensInMonth(at);
}

// Of the requests that began on `day` or before.
Result<qint64> Ledger::lastNumberUntil(qint64 day)
{
    auto query = m_database.run(
        QStringLiteral("SELECT MAX(last_number) FROM gatehouse_ledger_days WHERE day <= ?"), {day});
    if (!query)
        return std::move(query).error();
    return (*query)->next() ? (*query)->value(0).toLongLong() : 0;
}

Result<qint64> Ledger::prune(WallTime olderThan, qint64 maxRows, int limit)
{
    const auto newest = newestNumber();
    if (!newest)
        return newest.error();
    const auto lastOld = lastNumberUntil(dayOf(olderThan));
    if (!lastOld)
        return lastOld.error();
    const qint64 surplus = maxRows > 0 ? *newest - maxRows : 0;
    // The bound comes first: without it, finding nothing to delete would mean to look at every row.
    auto pruned = m_database.run(
        QStringLiteral("DELETE FROM gatehouse_requests WHERE number IN (SELECT number FROM gatehouse_requests"
                       " WHERE number <= ? AND (number <= ? OR at < ?) ORDER BY number LIMIT ?)"),
        {std::max(surplus, *lastOld), surplus, msSinceEpoch(olderThan), limit});
    if (!pruned)
        return std::move(pruned).error();
    return (*pruned)->numRowsAffected();
}

} // namespace gatehouse
