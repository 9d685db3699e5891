// SPDX-License-Identifier: GPL-3.0-or-later
// gatehouse-ledger-bench [rows [days]]: what a row costs on its way into the ledger, and how soon questions
// are answered when there are many. On SQLite, in a folder of its own below TMPDIR, which it removes.
#include "store/ledger_mover.h"
#include "store/migrations.h"

#include <QElapsedTimer>
#include <QTemporaryDir>

#include <sys/resource.h>

#include <cmath>
#include <cstdio>
#include <random>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr int keyCount = 20;
constexpr int modelCount = 8;
constexpr WallTime start = std::chrono::sys_days(std::chrono::year(2025) / 1 / 1);

template <typename T>
T need(Result<T> result)
{
    if (result)
        return std::move(*result);
    std::fprintf(stderr, "%s: %s\n", qPrintable(result.error().message), qPrintable(result.error().detail));
    std::exit(1);
}

void need(const Result<void> &result)
{
    if (!result)
        (void)need(Result<int>(result.error()));
}

double processorSeconds()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class RowMaker
{
public:
    LedgerRow make(WallTime at)
    {
        const auto pick = [this](int count) {
            return static_cast<int>(m_random() % static_cast<unsigned>(count));
        };
        const double ms = std::exp(m_log(m_random));
        const bool failed = pick(20) == 0;
        return {.at = at,
                .requestId = "req_" + QByteArray::number(m_number++).rightJustified(22, '0'),
                .keyId = keyId(pick(keyCount)),
                .method = "POST",
                .endpoint = "/v1/chat/completions",
                .status = failed ? 429 : 200,
                .error = failed ? "rate_limited" : "",
                .model = model(pick(modelCount)),
                .route = "ollama",
                .promptTokens = pick(4000),
                .completionTokens = pick(800),
                .cachedTokens = pick(1000),
                .tokensEstimated = false,
                .firstTokenMs = ms / 4,
                .responseMs = ms};
    }
    static QByteArray keyId(int index)
    {
        return "6fa459ea-ee8a-3ca4-894e-db77e160" + QByteArray::number(1000 + index);
    }
    static QByteArray model(int index) { return "llama-3." + QByteArray::number(index) + "-8b-instruct"; }

private:
    std::mt19937 m_random{1};
    std::normal_distribution<double> m_log{std::log(1500.0), 1.0};
    qint64 m_number = 0;
};

void fill(Database &database, RowMaker &maker, qint64 rows, int days)
{
    constexpr qint64 batch = 20'000;
    Ledger ledger(database);
    QElapsedTimer timer;
    timer.start();
    const double before = processorSeconds();
    const auto step = std::chrono::milliseconds(days * 86'400'000LL / rows);
    WallTime at = start;
    std::vector<LedgerRow> made;
    for (qint64 written = 0; written < rows; written += batch) {
        made.clear();
        for (qint64 i = 0; i < std::min(batch, rows - written); ++i, at += step)
            made.push_back(maker.make(at));
        need(database.inTransaction([&] { return ledger.append(made); }));
    }
    std::printf("filled with %lld rows: %.0f rows/s, %.1f us of processor time a row\n", rows,
                1000.0 * static_cast<double>(rows) / static_cast<double>(timer.elapsed()),
                1e6 * (processorSeconds() - before) / static_cast<double>(rows));
}

template <typename Question>
void ask(const char *what, Question question)
{
    double best = 1e9;
    double first = 0;
    for (int i = 0; i < 3; ++i) {
        QElapsedTimer timer;
        timer.start();
        question();
        const double ms = static_cast<double>(timer.nsecsElapsed()) / 1e6;
        first = i == 0 ? ms : first;
        best = std::min(best, ms);
    }
    std::printf("%-44s %8.1f ms, again %8.1f ms\n", what, first, best);
}

void askAll(Database &database, int days)
{
    Ledger ledger(database);
    const WallTime end = start + std::chrono::days(days);
    const WallTime month = start + std::chrono::days(days / 2);
    const auto stats = [&](const LedgerFilter &filter) {
        return [&ledger, filter] {
            (void)need(ledger.stats(filter));
        };
    };
    ask("stats, all", stats({}));
    ask("stats, one key", stats({.keyId = RowMaker::keyId(7)}));
    ask("stats, one month", stats({.from = month, .to = month + std::chrono::days(30)}));
    ask("stats, one model", stats({.model = RowMaker::model(3)}));
    ask("tokens in a month", [&] { (void)need(ledger.tokensInMonth(month)); });

    const auto page = [&](const LedgerFilter &filter) {
        return [&ledger, filter] {
            (void)need(ledger.requests(filter, {}, 100));
        };
    };
    ask("requests, newest", page({}));
    ask("requests, one key", page({.keyId = RowMaker::keyId(7)}));
    ask("requests, a key that never asked", page({.keyId = "nobody"}));
    ask("requests, status 4xx", page({.status = 4}));
    ask("requests, status 503 (none)", page({.status = 503}));
    ask("requests, status 200", page({.status = 200}));
    ask("requests, one model", page({.model = RowMaker::model(3)}));
    ask("requests, a model that never was asked", page({.model = "none"}));
    ask("requests, an old hour", page({.from = month, .to = month + 1h}));
    ask("requests, before there were any", page({.to = start}));
    ask("requests, an old hour of one key",
        page({.keyId = RowMaker::keyId(7), .from = month, .to = month + 1h}));
    ask("requests, deep page", [&] { (void)need(ledger.requests({}, 1'000'000, 100)); });
    ask("prune, nothing to do", [&] { (void)need(ledger.prune(start - 24h, 0, 1000)); });
    ask("prune by age, 1000", [&] { (void)need(ledger.prune(end, 0, 1000)); });
}

void measureWay(Database &database, RowMaker &maker, const QString &folder, int days, int batch)
{
    constexpr int rows = 64 * 1024;
    std::vector<LedgerRow> made;
    WallTime at = start + std::chrono::days(days);
    for (int i = 0; i < rows; ++i, at += 20ms)
        made.push_back(maker.make(at));
    const auto journal = need(LedgerJournal::open({.folder = folder}));
    LedgerMover mover(*journal, database);
    double appending = 0;
    double moving = 0;
    for (int i = 0; i < rows; i += batch) {
        const double before = processorSeconds();
        for (int j = i; j < i + batch; ++j)
            need(journal->append(made[static_cast<std::size_t>(j)]));
        const double between = processorSeconds();
        if (need(mover.moveSome(batch)) != batch)
            std::abort();
        appending += between - before;
        moving += processorSeconds() - between;
    }
    std::printf("batches of %4d: append %.2f us, move %.2f us of processor time a row\n", batch,
                1e6 * appending / rows, 1e6 * moving / rows);
}

} // namespace

int main(int argc, char **argv)
{
    const qint64 rows = argc > 1 ? std::atoll(argv[1]) : 10'000'000;
    const int days = argc > 2 ? std::atoi(argv[2]) : 400;
    QTemporaryDir folder;
    const DatabaseTarget target{.file = folder.filePath(QStringLiteral("gatehouse.db"))};
    const auto database = need(Database::open(target));
    need(migrate(*database, target));
    RowMaker maker;
    fill(*database, maker, rows, days);
    for (const int batch : {1, 16, 64, 512})
        measureWay(*database, maker, folder.path(), days, batch);
    askAll(*database, days);
    return 0;
}
