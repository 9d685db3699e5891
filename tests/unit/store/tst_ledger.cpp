// SPDX-License-Identifier: GPL-3.0-or-later
// The ledger in the database, on both engines, against a naive one in memory.
#include "engines.h"
#include "ledger_samples.h"
#include "store/ledger.h"
#include "store/migrations.h"

#include <QDateTime>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr WallTime firstDay = std::chrono::sys_days(std::chrono::year(2026) / 1 / 30);

bool isInClass(int status, int wanted)
{
    return wanted < 10 ? status / 100 == wanted : status == wanted;
}

bool matches(const LedgerFilter &filter, const LedgerRow &row)
{
    return (!filter.keyId || *filter.keyId == row.keyId) && (!filter.model || *filter.model == row.model) &&
           (!filter.endpoint || *filter.endpoint == row.endpoint) &&
           (!filter.status || isInClass(row.status, *filter.status)) &&
           (!filter.from || row.at >= *filter.from) && (!filter.to || row.at < *filter.to);
}

QByteArray dateOf(WallTime at)
{
    return QDateTime::fromMSecsSinceEpoch(at.time_since_epoch().count(), Qt::UTC)
        .toString(QStringLiteral("yyyy-MM-dd"))
        .toLatin1();
}

double rankOf(std::vector<double> times, double share)
{
    std::ranges::sort(times);
    return times.empty()
               ? 0
               : times[static_cast<std::size_t>(std::ceil(share * static_cast<double>(times.size()))) - 1];
}

UsageFigures figuresOf(const std::vector<LedgerRow> &rows)
{
    UsageFigures figures{.requests = static_cast<qint64>(rows.size())};
    std::vector<double> times;
    for (const LedgerRow &row : rows) {
        figures.errors += row.status >= 400 ? 1 : 0;
        figures.promptTokens += row.promptTokens;
        figures.completionTokens += row.completionTokens;
        figures.cachedTokens += row.cachedTokens;
        figures.meanMs += row.responseMs / static_cast<double>(rows.size());
        times.push_back(row.responseMs);
    }
    figures.p50Ms = rankOf(times, 0.5);
    figures.p95Ms = rankOf(times, 0.95);
    return figures;
}

bool near(double value, double truth, double share)
{
    return std::abs(value - truth) <= share * std::abs(truth) + 1e-9;
}

bool agree(const UsageFigures &a, const UsageFigures &truth)
{
    return a.requests == truth.requests && a.errors == truth.errors && a.promptTokens == truth.promptTokens &&
           a.completionTokens == truth.completionTokens && a.cachedTokens == truth.cachedTokens &&
           near(a.meanMs, truth.meanMs, 1e-9) && near(a.p50Ms, truth.p50Ms, 0.1) &&
           near(a.p95Ms, truth.p95Ms, 0.1);
}

} // namespace

class TestLedger : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyFieldComesBack_data() { Engines::addRows(); }
    void everyFieldComesBack();
    void whatNoDatabaseTakesIsPutRight_data() { Engines::addRows(); }
    void whatNoDatabaseTakesIsPutRight();
    void filtersFindWhatThereIs_data() { Engines::addRows(); }
    void filtersFindWhatThereIs();
    void pagesJoinWithoutGapOrOverlap_data() { Engines::addRows(); }
    void pagesJoinWithoutGapOrOverlap();
    void statsAreThoseOfTheRows_data() { Engines::addRows(); }
    void statsAreThoseOfTheRows();
    void statsTakeWholeDays_data() { Engines::addRows(); }
    void statsTakeWholeDays();
    void tokensAreThoseOfTheMonth_data() { Engines::addRows(); }
    void tokensAreThoseOfTheMonth();
    void pruneTakesTheOldestInSteps_data() { Engines::addRows(); }
    void pruneTakesTheOldestInSteps();
    void pruneByAgeMindsLateRows_data() { Engines::addRows(); }
    void pruneByAgeMindsLateRows();
    void whatIsUndoneLeavesNothing_data() { Engines::addRows(); }
    void whatIsUndoneLeavesNothing();
    void anEmptyLedgerAnswers_data() { Engines::addRows(); }
    void anEmptyLedgerAnswers();
    void noQuestionReadsEverything();

private:
    void append(const std::vector<LedgerRow> &rows)
    {
        GATEHOUSE_VERIFY_OK(m_database->inTransaction([&] { return m_ledger->append(rows); }));
    }
    // Over ten days, not in order.
    std::vector<LedgerRow> someRows(int count)
    {
        SampleRows samples(static_cast<unsigned>(count));
        std::vector<LedgerRow> rows;
        for (int i = 0; i < count; ++i) {
            const auto at = firstDay + std::chrono::milliseconds(samples.number(864'000) * 1000 + i % 1000);
            rows.push_back(samples.make(at, QByteArray::number(i)));
        }
        return rows;
    }

    Engines m_engines;
    std::unique_ptr<Database> m_database;
    std::unique_ptr<Ledger> m_ledger;
};

#define GATEHOUSE_OPEN_FRESH()                                                                               \
    GATEHOUSE_FRESH_TARGET(target, m_engines);                                                               \
    m_ledger.reset();                                                                                        \
    m_database = std::move(Database::open(target).value());                                                  \
    GATEHOUSE_VERIFY_OK(migrate(*m_database, target));                                                       \
    m_ledger = std::make_unique<Ledger>(*m_database)

void TestLedger::everyFieldComesBack()
{
    GATEHOUSE_OPEN_FRESH();
    const LedgerRow full{.at = firstDay + 123ms,
                         .requestId = "req_1",
                         .keyId = "6fa459ea-ee8a-3ca4-894e-db77e160355e",
                         .method = "POST",
                         .endpoint = "/v1/chat/completions",
                         .status = 499,
                         .error = "cancelled",
                         .model = "mod\xc3\xa8le \xf0\x9f\x98\x80 '); --",
                         .route = "ollama",
                         .promptTokens = 11,
                         .completionTokens = 22,
                         .cachedTokens = 33,
                         .tokensEstimated = true,
                         .firstTokenMs = 0.1 + 0.2,
                         .responseMs = 1234.567890123456};
    append({full, LedgerRow{}});
    const auto rows = allRows(*m_database);
    QCOMPARE(rows.size(), std::size_t(2));
    QVERIFY(rows[0] == full);
    QVERIFY(rows[1] == LedgerRow{});
}

void TestLedger::whatNoDatabaseTakesIsPutRight()
{
    GATEHOUSE_OPEN_FRESH();
    const double infinity = std::numeric_limits<double>::infinity();
    const LedgerRow odd{.at = WallTime(std::chrono::milliseconds(std::numeric_limits<qint64>::max())),
                        .requestId = QByteArray("a\0b", 3),
                        .keyId = "\xff\xfe",
                        .method = QByteArray(1000, 'x'),
                        .endpoint = QByteArray(255, 'x') + "\xc3\xa4",
                        .status = std::numeric_limits<int>::max(),
                        .model = QByteArray("\xed\xa0\x80", 3), // A lone surrogate.
                        .promptTokens = std::numeric_limits<qint64>::max(),
                        .completionTokens = std::numeric_limits<qint64>::min(),
                        .firstTokenMs = std::nan(""),
                        .responseMs = infinity};
    LedgerRow early = odd;
    early.at = WallTime(std::chrono::milliseconds(std::numeric_limits<qint64>::min()));
    early.status = std::numeric_limits<int>::min();
    early.responseMs = -infinity;
    for (int i = 0; i < 100; ++i) // Sums must not overflow either.
        append({odd, early});
    const auto rows = allRows(*m_database);
    QCOMPARE(rows.size(), std::size_t(200));
    QCOMPARE(rows[0].requestId, QByteArray("a\xef\xbf\xbd") + "b");
    QCOMPARE(rows[0].method, QByteArray(256, 'x'));
    QCOMPARE(rows[0].endpoint, QByteArray(255, 'x'));
    QVERIFY(rows[0].promptTokens > 0);
    QCOMPARE(rows[0].completionTokens, 0);
    QVERIFY(std::isfinite(rows[0].responseMs));
    const auto stats = m_ledger->stats({});
    GATEHOUSE_VERIFY_OK(stats);
    QCOMPARE(stats->total.requests, 200);
    QCOMPARE(stats->days.size(), 2);
    QCOMPARE(stats->days.first().date, QByteArray("1970-01-01"));
    QCOMPARE(stats->days.last().date, QByteArray("9999-12-31"));
}

void TestLedger::filtersFindWhatThereIs()
{
    GATEHOUSE_OPEN_FRESH();
    const auto rows = someRows(3000);
    for (std::size_t i = 0; i < rows.size(); i += 300)
        append({rows.begin() + static_cast<std::ptrdiff_t>(i),
                rows.begin() + static_cast<std::ptrdiff_t>(i + 300)});

    std::vector<LedgerFilter> filters{
        {},
        {.keyId = ""},
        {.keyId = "nobody"},
        {.model = "llama"},
        {.model = ""},
        {.endpoint = "/api/stats"},
        {.from = firstDay + 40h},
        {.to = firstDay + 40h},
        {.from = firstDay + 50h, .to = firstDay + 51h},
        {.to = firstDay},
        {.from = firstDay + 24h * 400},
        {.from = firstDay + 48h, .to = firstDay + 48h},
        {.keyId = "key-2", .from = firstDay + 30h, .model = "qwen", .endpoint = "/api/stats", .status = 4}};
    for (const int status : {1, 2, 3, 4, 5, 6, 200, 302, 404, 418, 499, 503})
        filters.push_back({.status = status});
    for (const LedgerFilter &filter : filters) {
        std::vector<LedgerRow> expected;
        std::ranges::copy_if(rows, std::back_inserter(expected),
                             [&](const LedgerRow &row) { return matches(filter, row); });
        const auto page = m_ledger->requests(filter, {}, 5000);
        GATEHOUSE_VERIFY_OK(page);
        QVERIFY(!page->hasMore);
        QCOMPARE(page->entries.size(), static_cast<qsizetype>(expected.size()));
        for (qsizetype i = 0; i < page->entries.size(); ++i)
            QVERIFY(page->entries[i].row == expected[expected.size() - 1 - static_cast<std::size_t>(i)]);
    }
}

void TestLedger::pagesJoinWithoutGapOrOverlap()
{
    GATEHOUSE_OPEN_FRESH();
    const auto rows = someRows(500);
    append(rows);
    const LedgerFilter filter{.status = 4};
    const auto whole = m_ledger->requests(filter, {}, 1000);
    GATEHOUSE_VERIFY_OK(whole);
    QList<qint64> joined;
    std::optional<qint64> before;
    for (bool hasMore = true; hasMore;) {
        const auto page = m_ledger->requests(filter, before, 7);
        GATEHOUSE_VERIFY_OK(page);
        QVERIFY(page->entries.size() == 7 || !page->hasMore);
        for (const RequestPage::Entry &entry : page->entries)
            joined.append(entry.number);
        hasMore = page->hasMore;
        before = joined.last();
        append({rows.front()}); // Newer ones don't move the pages.
    }
    QCOMPARE(joined.size(), whole->entries.size());
    for (qsizetype i = 0; i < joined.size(); ++i)
        QCOMPARE(joined[i], whole->entries[i].number);
    const auto exact = m_ledger->requests(filter, joined.at(joined.size() - 8), 7);
    GATEHOUSE_VERIFY_OK(exact);
    QCOMPARE(exact->entries.size(), 7);
    QVERIFY(!exact->hasMore);
}

void TestLedger::statsAreThoseOfTheRows()
{
    GATEHOUSE_OPEN_FRESH();
    const auto rows = someRows(5000);
    for (std::size_t i = 0; i < rows.size(); i += 125)
        append({rows.begin() + static_cast<std::ptrdiff_t>(i),
                rows.begin() + static_cast<std::ptrdiff_t>(i + 125)});
    for (const LedgerFilter &filter :
         {LedgerFilter{}, LedgerFilter{.keyId = "key-1"}, LedgerFilter{.keyId = ""},
          LedgerFilter{.model = "phi"}, LedgerFilter{.keyId = "key-2", .model = "qwen"},
          LedgerFilter{.from = firstDay + 72h, .to = firstDay + 120h}, LedgerFilter{.keyId = "nobody"},
          LedgerFilter{.model = "none"}}) {
        std::vector<LedgerRow> all;
        std::map<QByteArray, std::vector<LedgerRow>> days;
        std::map<QByteArray, std::vector<LedgerRow>> models;
        for (const LedgerRow &row : rows) {
            if (!matches(filter, row))
                continue;
            all.push_back(row);
            days[dateOf(row.at)].push_back(row);
            if (!row.model.isEmpty())
                models[row.model].push_back(row);
        }
        const auto stats = m_ledger->stats(filter);
        GATEHOUSE_VERIFY_OK(stats);
        QVERIFY(agree(stats->total, figuresOf(all)));
        QCOMPARE(stats->days.size(), static_cast<qsizetype>(days.size()));
        auto day = days.cbegin();
        for (const UsageStats::Day &answer : stats->days) {
            QCOMPARE(answer.date, day->first);
            QVERIFY(agree(answer.figures, figuresOf(day->second)));
            ++day;
        }
        QCOMPARE(stats->models.size(), static_cast<qsizetype>(models.size()));
        for (const UsageStats::Model &answer : stats->models)
            QVERIFY(agree(answer.figures, figuresOf(models[answer.model])));
        QVERIFY(std::ranges::is_sorted(stats->models, std::ranges::greater(),
                                       [](const UsageStats::Model &m) { return m.figures.requests; }));
    }
}

void TestLedger::statsTakeWholeDays()
{
    GATEHOUSE_OPEN_FRESH();
    append({{.at = firstDay - 1ms}, {.at = firstDay}, {.at = firstDay + 24h - 1ms}, {.at = firstDay + 24h}});
    const auto count = [this](WallTime from, WallTime to) {
        const auto stats = m_ledger->stats({.from = from, .to = to});
        return stats ? stats->total.requests : -1;
    };
    QCOMPARE(count(firstDay, firstDay + 24h), 2);
    QCOMPARE(count(firstDay + 5h, firstDay + 6h), 2); // A part stands for the day.
    QCOMPARE(count(firstDay, firstDay + 24h + 1ms), 3);
    QCOMPARE(count(firstDay - 1ms, firstDay), 1);
}

void TestLedger::tokensAreThoseOfTheMonth()
{
    GATEHOUSE_OPEN_FRESH();
    const WallTime january = std::chrono::sys_days(std::chrono::year(2028) / 1 / 31);
    const WallTime march = std::chrono::sys_days(std::chrono::year(2028) / 3 / 1);
    append({{.at = january + 24h - 1ms, .keyId = "a", .promptTokens = 1},
            {.at = january + 24h, .keyId = "a", .promptTokens = 10},
            {.at = march - 1ms, .keyId = "a", .model = "m", .promptTokens = 100, .completionTokens = 1000},
            {.at = march - 1ms, .keyId = "b", .completionTokens = 5, .cachedTokens = 7},
            {.at = march, .keyId = "a", .promptTokens = 10'000}});
    const auto february = m_ledger->tokensInMonth(march - 1ms); // Of a leap year.
    GATEHOUSE_VERIFY_OK(february);
    QCOMPARE(*february, (QHash<QByteArray, qint64>{{"a", 1110}, {"b", 5}}));
    QCOMPARE(m_ledger->tokensInMonth(january)->value("a"), 1);
    QVERIFY(m_ledger->tokensInMonth(january - 24h * 100)->isEmpty());
}

void TestLedger::pruneTakesTheOldestInSteps()
{
    GATEHOUSE_OPEN_FRESH();
    std::vector<LedgerRow> rows;
    for (int i = 0; i < 100; ++i)
        rows.push_back({.at = firstDay + i * 1h, .requestId = QByteArray::number(i)});
    append(rows);
    const auto prune = [this](WallTime olderThan, qint64 maxRows, int limit) {
        return m_ledger->prune(olderThan, maxRows, limit).value_or(-1);
    };
    QCOMPARE(prune({}, 0, 1000), 0);
    QCOMPARE(prune(firstDay, 100, 1000), 0);
    QCOMPARE(prune(firstDay + 30h, 0, 20), 20);
    QCOMPARE(prune(firstDay + 30h, 0, 20), 10);
    QCOMPARE(prune(firstDay + 30h, 0, 20), 0);
    QCOMPARE(allRows(*m_database).front().requestId, QByteArray("30"));
    QCOMPARE(prune({}, 25, 30), 30);
    QCOMPARE(prune({}, 25, 30), 15);
    QCOMPARE(prune({}, 25, 30), 0);
    QCOMPARE(allRows(*m_database).front().requestId, QByteArray("75"));
    QCOMPARE(allRows(*m_database).size(), std::size_t(25));
    QCOMPARE(m_ledger->stats({})->total.requests, 100);
    QCOMPARE(prune(firstDay + 10'000h, 0, 1000), 25);
    append({rows.back()}); // Numbers are not used again.
    QVERIFY(m_ledger->requests({}, {}, 1)->entries.first().number > 100);
    QCOMPARE(m_ledger->requests({.from = rows.back().at}, {}, 10)->entries.size(), 1);
}

void TestLedger::pruneByAgeMindsLateRows()
{
    GATEHOUSE_OPEN_FRESH();
    append({{.at = firstDay + 240h, .requestId = "new"}});
    append({{.at = firstDay, .requestId = "late"}});
    append({{.at = firstDay + 241h, .requestId = "newest"}});
    QCOMPARE(m_ledger->prune(firstDay + 24h, 0, 10).value_or(-1), 1);
    const auto rows = allRows(*m_database);
    QCOMPARE(rows.size(), std::size_t(2));
    QCOMPARE(rows[0].requestId, QByteArray("new"));
}

void TestLedger::whatIsUndoneLeavesNothing()
{
    GATEHOUSE_OPEN_FRESH();
    const auto rows = someRows(100);
    const auto undone = m_database->inTransaction([&]() -> Result<void> {
        if (auto done = m_ledger->append(rows); !done)
            return done;
        return Error{.message = QStringLiteral("no")};
    });
    QVERIFY(!undone);
    m_ledger->undone();
    QCOMPARE(m_ledger->stats({})->total.requests, 0);
    QVERIFY(allRows(*m_database).empty());
    append(rows);
    QCOMPARE(m_ledger->stats({})->total.requests, 100);
    QCOMPARE(m_ledger->stats({.keyId = "key-1"})->total.requests,
             std::ranges::count(rows, QByteArray("key-1"), &LedgerRow::keyId));
}

void TestLedger::anEmptyLedgerAnswers()
{
    GATEHOUSE_OPEN_FRESH();
    append({});
    QCOMPARE(m_ledger->stats({})->total.requests, 0);
    QVERIFY(m_ledger->stats({})->days.isEmpty());
    QVERIFY(m_ledger->requests({.from = firstDay}, 17, 10)->entries.isEmpty());
    QVERIFY(!m_ledger->requests({}, {}, 0)->hasMore);
    QVERIFY(m_ledger->tokensInMonth(firstDay)->isEmpty());
    QCOMPARE(m_ledger->prune(firstDay, 10, 10).value_or(-1), 0);
}

void TestLedger::noQuestionReadsEverything()
{
    const auto target = m_engines.fresh(false);
    m_ledger.reset();
    m_database = std::move(Database::open(*target).value());
    GATEHOUSE_VERIFY_OK(migrate(*m_database, *target));
    // As Ledger asks them.
    for (const char *question :
         {"SELECT * FROM gatehouse_requests WHERE key_number = (SELECT number FROM gatehouse_usage_names "
          "WHERE name = ?) ORDER "
          "BY number DESC LIMIT ?",
          "SELECT * FROM gatehouse_requests WHERE failure = ? AND status = ? ORDER BY number DESC LIMIT ?",
          "SELECT * FROM gatehouse_requests WHERE at >= ? AND number >= (SELECT MIN(first_number) FROM "
          "gatehouse_ledger_days "
          "WHERE "
          "day >= ?) ORDER BY number DESC LIMIT ?",
          "SELECT * FROM gatehouse_usage_latency WHERE key_number = ? AND day IN (SELECT day FROM "
          "gatehouse_ledger_days WHERE "
          "day "
          "BETWEEN ? AND ?)",
          "SELECT number FROM gatehouse_requests WHERE number <= ? AND (number <= ? OR at < ?) ORDER BY "
          "number LIMIT "
          "?"}) {
        const QString sql = QStringLiteral("EXPLAIN QUERY PLAN ") + QLatin1String(question);
        auto plan = m_database->run(sql, QVariantList(sql.count(u'?'), 1));
        GATEHOUSE_VERIFY_OK(plan);
        int steps = 0;
        for (; (*plan)->next(); ++steps) {
            const QString step = (*plan)->value(3).toString();
            QVERIFY2(!step.startsWith(QStringLiteral("SCAN")) &&
                         !step.contains(QStringLiteral("TEMP B-TREE")),
                     qPrintable(sql + u' ' + step));
        }
        QVERIFY(steps > 0);
    }
}

QTEST_GUILESS_MAIN(TestLedger)
#include "tst_ledger.moc"
