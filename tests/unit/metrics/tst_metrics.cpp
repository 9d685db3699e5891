// SPDX-License-Identifier: GPL-3.0-or-later
#include "exposition_reader.h"
#include "metrics/metrics.h"
#include "metrics/process_usage.h"

#include <QTest>

#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;

class MetricsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void exposesWhatWasCounted()
    {
        Metrics metrics(
            [] { return Gauges{.activeConnections = 7, .acceptedConnections = 9, .refusedConnections = 1}; });
        metrics.count({.method = "GET", .endpoint = "/v1/models/{id...}", .status = 200, .duration = 3ms});
        metrics.count({.method = "GET", .endpoint = "/v1/models/{id...}", .status = 404, .duration = 3ms});
        metrics.count(InferenceFacts{.model = "m\"1",
                                     .route = "box",
                                     .outcome = "ok",
                                     .duration = 2s,
                                     .timeToFirstToken = 20ms,
                                     .promptTokens = 5,
                                     .completionTokens = 11});
        metrics.exchangeBegan();
        const QByteArray text = metrics.exposition();
        for (const char *line : {
                 "http_requests_total{endpoint=\"/v1/models/{id...}\",method=\"GET\",status=\"200\"} 1",
                 "http_requests_total{endpoint=\"/v1/models/{id...}\",method=\"GET\",status=\"404\"} 1",
                 "http_request_duration_seconds_bucket{endpoint=\"/v1/models/{id...}\",le=\"0.0025\"} 0",
                 "http_request_duration_seconds_bucket{endpoint=\"/v1/models/{id...}\",le=\"0.005\"} 2",
                 "model_inference_total{model=\"m\\\"1\",outcome=\"ok\",route=\"box\"} 1",
                 "gatehouse_tokens_total{kind=\"completion\",model=\"m\\\"1\"} 11",
                 "gatehouse_time_to_first_token_seconds_count{model=\"m\\\"1\"} 1",
                 "gatehouse_exchanges_running 1",
                 "active_connections_total 7",
             })
            QVERIFY2(text.contains(line), line);
        QVERIFY(text.contains("\nmemory_usage_bytes "));
    }

    void countsFromSeveralThreads()
    {
        Metrics metrics([] { return Gauges{}; });
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&metrics] {
                for (int i = 0; i < 1000; ++i) {
                    metrics.count({.method = "GET", .endpoint = "/healthz", .status = 200, .duration = 1ms});
                    metrics.count(
                        InferenceFacts{.model = "m", .route = "r", .outcome = "ok", .duration = 1ms});
                }
            });
        for (int i = 0; i < 20; ++i)
            QVERIFY(metrics.figures().requests <= 4000);
        for (std::thread &thread : threads)
            thread.join();
        QVERIFY(metrics.exposition().contains(
            "http_requests_total{endpoint=\"/healthz\",method=\"GET\",status=\"200\"} 4000"));
        QCOMPARE(metrics.figures().requests, 4000);
        QCOMPARE(metrics.figures().inferences, 4000);
    }

    void expositionIsWellFormed()
    {
        Metrics metrics([] {
            return Gauges{.cache = {.hits = 3, .misses = 4},
                          .routes = {{.key = "box", .isUp = true}},
                          .queues = {{.model = "demo", .waiting = 2}}};
        });
        for (const char *name : {"plain", "quote\"back\\slash\nline", "w\xc3\xb6rter/latest"}) {
            metrics.count({.method = "GET", .endpoint = name, .status = 200, .duration = 3ms});
            metrics.count({.method = "GET", .endpoint = name, .status = 200, .duration = 3min});
            metrics.count(InferenceFacts{
                .model = name, .route = "r", .outcome = "ok", .duration = 1s, .timeToFirstToken = 1ms});
        }
        for (int i = 0; i < 2; ++i) { // Counters that follow others stay right at the second look.
            const ExpositionReader read(metrics.exposition());
            QCOMPARE(read.complaint(), QByteArray());
            QCOMPARE(read.typeOf("http_requests_total"), QByteArray("counter"));
            QCOMPARE(read.typeOf("http_request_duration_seconds"), QByteArray("histogram"));
            QCOMPARE(read.typeOf("active_connections_total"), QByteArray("gauge"));
            QCOMPARE(read.typeOf("gatehouse_cache_hits_total"), QByteArray("counter"));
            QCOMPARE(read.value("gatehouse_cache_hits_total").value_or(-1), 3);
            QCOMPARE(read.value("gatehouse_queue_depth{model=\"demo\"}").value_or(-1), 2);
        }
    }

    void queuesOfOneModelAddUpAndGoWithIt()
    {
        QList<Gauges::Queue> queues{{.model = "demo", .waiting = 2},
                                    {.model = "other", .waiting = 1},
                                    {.model = "demo", .waiting = 3}};
        Metrics metrics([&queues] { return Gauges{.queues = queues}; });
        const ExpositionReader both(metrics.exposition());
        QCOMPARE(both.value("gatehouse_queue_depth{model=\"demo\"}").value_or(-1), 5);
        QCOMPARE(both.value("gatehouse_queue_depth{model=\"other\"}").value_or(-1), 1);
        queues.removeFirst();
        queues.removeFirst();
        const ExpositionReader one(metrics.exposition());
        QCOMPARE(one.value("gatehouse_queue_depth{model=\"demo\"}").value_or(-1), 3);
        QVERIFY(!one.value("gatehouse_queue_depth{model=\"other\"}"));
    }

    void theReaderFindsMistakes_data()
    {
        QTest::addColumn<QByteArray>("text");
        const QByteArray head = "# HELP a A.\n# TYPE a counter\n";
        QTest::newRow("no end") << head + "a 1";
        QTest::newRow("no number") << head + "a one\n";
        QTest::newRow("other family") << head + "b 1\n";
        QTest::newRow("twice") << head + "a 1\na 1\n";
        QTest::newRow("bad label") << head + "a{x=1} 1\n";
        QTest::newRow("open label") << head + "a{x=\"\"\"} 1\n";
        const QByteArray histogram = "# HELP h H.\n# TYPE h histogram\n";
        QTest::newRow("falling") << histogram +
                                        "h_count 1\nh_sum 1\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\n";
        QTest::newRow("wrong count") << histogram + "h_count 2\nh_sum 1\nh_bucket{le=\"+Inf\"} 1\n";
    }
    void theReaderFindsMistakes()
    {
        QFETCH(QByteArray, text);
        QVERIFY(!ExpositionReader(text).complaint().isEmpty());
    }

    void tellsWhichRoutesAreUp()
    {
        QList<Gauges::Route> routes{
            {.key = "up", .isUp = true}, {.key = "down", .isUp = false}, {.key = "new"}};
        Metrics metrics(
            [&routes] { return Gauges{.isDatabaseUp = false, .hasLedgerRoom = false, .routes = routes}; });
        const ExpositionReader first(metrics.exposition());
        QCOMPARE(first.value("gatehouse_upstream_up{route=\"up\"}").value_or(-1), 1);
        QCOMPARE(first.value("gatehouse_upstream_up{route=\"down\"}").value_or(-1), 0);
        QVERIFY(!first.value("gatehouse_upstream_up{route=\"new\"}"));
        QCOMPARE(first.value("gatehouse_database_up").value_or(-1), 0);
        QCOMPARE(first.value("gatehouse_ledger_has_room").value_or(-1), 0);
        routes[0].isUp = false;
        QCOMPARE(
            ExpositionReader(metrics.exposition()).value("gatehouse_upstream_up{route=\"up\"}").value_or(-1),
            0);
    }

    void tellsWhatGoesOnAtTheRoutes()
    {
        Metrics metrics([] {
            return Gauges{.routes = {{.key = "a", .outstanding = 3}, {.key = "b", .isLeftAlone = true}},
                          .waitingRooms = {{.group = "pool", .waiting = 5}}};
        });
        const ExpositionReader read(metrics.exposition());
        QCOMPARE(read.complaint(), QByteArray());
        QCOMPARE(read.value("gatehouse_route_requests_in_flight{route=\"a\"}").value_or(-1), 3);
        QCOMPARE(read.value("gatehouse_route_requests_in_flight{route=\"b\"}").value_or(-1), 0);
        QCOMPARE(read.value("gatehouse_route_circuit_open{route=\"a\"}").value_or(-1), 0);
        QCOMPARE(read.value("gatehouse_route_circuit_open{route=\"b\"}").value_or(-1), 1);
        QCOMPARE(read.value("gatehouse_route_waiting{group=\"pool\"}").value_or(-1), 5);
    }

    void showsNoRouteThatIsGone()
    {
        Gauges now{.routes = {{.key = "stays", .isUp = true}, {.key = "goes", .isUp = true}},
                   .waitingRooms = {{.group = "stays"}, {.group = "goes"}}};
        Metrics metrics([&now] { return now; });
        metrics.count(AttemptFacts{.route = "goes", .error = "upstream_failed"});
        QVERIFY(metrics.exposition().contains("gatehouse_upstream_up{route=\"goes\"} 1"));
        now.routes.removeLast();
        now.waitingRooms.removeLast();
        const ExpositionReader without(metrics.exposition());
        QCOMPARE(without.complaint(), QByteArray());
        for (const char *name : {"gatehouse_upstream_up", "gatehouse_route_requests_in_flight",
                                 "gatehouse_route_circuit_open"}) {
            QVERIFY(without.value(name + QByteArray("{route=\"stays\"}")));
            QVERIFY(!without.value(name + QByteArray("{route=\"goes\"}")));
        }
        QVERIFY(without.value("gatehouse_route_waiting{group=\"stays\"}"));
        QVERIFY(!without.value("gatehouse_route_waiting{group=\"goes\"}"));
        // What was counted stays counted.
        QCOMPARE(without.value("gatehouse_route_failures_total{error=\"upstream_failed\",route=\"goes\"}")
                     .value_or(-1),
                 1);
        now.routes = {{.key = "stays"}, {.key = "goes", .isUp = false}};
        const ExpositionReader again(metrics.exposition());
        QCOMPARE(again.value("gatehouse_upstream_up{route=\"goes\"}").value_or(-1), 0);
        QVERIFY(!again.value("gatehouse_upstream_up{route=\"stays\"}")); // Another one, and never asked.
    }

    void countsEachFailedAttempt()
    {
        Metrics metrics([] { return Gauges{}; });
        metrics.count(AttemptFacts{.route = "a", .error = "upstream_timeout"});
        metrics.count(AttemptFacts{.route = "a", .error = "upstream_timeout"});
        metrics.count(AttemptFacts{.route = "b", .error = "upstream_unreachable"});
        const ExpositionReader read(metrics.exposition());
        QCOMPARE(read.typeOf("gatehouse_route_failures_total"), QByteArray("counter"));
        QCOMPARE(
            read.value("gatehouse_route_failures_total{error=\"upstream_timeout\",route=\"a\"}").value_or(-1),
            2);
        QCOMPARE(read.value("gatehouse_route_failures_total{error=\"upstream_unreachable\",route=\"b\"}")
                     .value_or(-1),
                 1);
        QCOMPARE(metrics.figures().routeFailures, 3);
    }

    void onlyWhoWaitedHasAWait()
    {
        Metrics metrics([] { return Gauges{}; });
        metrics.count(InferenceFacts{.model = "m", .route = "r", .outcome = "ok", .duration = 1s});
        metrics.count(
            InferenceFacts{.model = "m", .route = "r", .outcome = "ok", .duration = 1s, .waited = 300ms});
        metrics.count(InferenceFacts{.model = "m", .route = "r", .outcome = "overloaded", .waited = 120s});
        const ExpositionReader read(metrics.exposition());
        QCOMPARE(read.typeOf("gatehouse_queue_wait_seconds"), QByteArray("histogram"));
        QCOMPARE(read.value("gatehouse_queue_wait_seconds_count").value_or(-1), 2);
        QCOMPARE(read.value("gatehouse_queue_wait_seconds_bucket{le=\"0.25\"}").value_or(-1), 0);
        QCOMPARE(read.value("gatehouse_queue_wait_seconds_bucket{le=\"0.5\"}").value_or(-1), 1);
    }

    void figuresAreTheSameSums()
    {
        Metrics metrics([] { return Gauges{.activeConnections = 7}; });
        for (const int status : {200, 204, 399, 400, 499, 502})
            metrics.count({.method = "GET", .endpoint = "/healthz", .status = status, .duration = 1h});
        for (int i = 1; i <= 100; ++i)
            metrics.count(InferenceFacts{.model = "m",
                                         .route = "r",
                                         .outcome = "ok",
                                         .duration = std::chrono::milliseconds(10 * i),
                                         .promptTokens = 2,
                                         .completionTokens = 3});
        metrics.exchangeBegan();
        metrics.webSocketOpened();
        metrics.webSocketOpened();
        metrics.webSocketClosed();
        const MetricFigures figures = metrics.figures();
        QCOMPARE(figures.requests, 6);
        QCOMPARE(figures.errors, 3);
        QCOMPARE(figures.inferences, 100);
        QCOMPARE(figures.promptTokens, 200);
        QCOMPARE(figures.completionTokens, 300);
        QVERIFY2(std::abs(figures.p50Ms - 500) < 25, qPrintable(QString::number(figures.p50Ms)));
        QVERIFY2(std::abs(figures.p95Ms - 950) < 50, qPrintable(QString::number(figures.p95Ms)));
        QCOMPARE(figures.exchangesRunning, 1);
        QCOMPARE(figures.webSockets, 1);
        QCOMPARE(figures.gauges.activeConnections, 7);
        QVERIFY(figures.residentBytes > 1'000'000);
        QVERIFY(figures.uptime < 60s);
    }

    void onlyAnswersHaveADuration()
    {
        Metrics metrics([] { return Gauges{}; });
        metrics.count(InferenceFacts{.model = "m", .route = "r", .outcome = "ok", .duration = 2s});
        metrics.count(InferenceFacts{
            .model = "m", .route = "r", .outcome = "cancelled", .duration = 2s, .timeToFirstToken = 20ms});
        for (const char *outcome : {"rate_limited", "upstream_failed", "cancelled"})
            metrics.count(InferenceFacts{.model = "m", .route = "r", .outcome = outcome, .duration = 1us});
        QCOMPARE(metrics.figures().inferences, 5);
        QVERIFY(metrics.figures().p50Ms > 1900);
        const ExpositionReader read(metrics.exposition());
        QCOMPARE(read.value("model_inference_duration_seconds_count{model=\"m\"}").value_or(-1), 2);
        QCOMPARE(read.value("model_inference_total{model=\"m\",outcome=\"rate_limited\",route=\"r\"}")
                     .value_or(-1),
                 1);
    }

    void figuresOfNothingAreZero()
    {
        const MetricFigures figures = Metrics([] { return Gauges{}; }).figures();
        QCOMPARE(figures.requests, 0);
        QCOMPARE(figures.p50Ms, 0.0);
        QCOMPARE(figures.p95Ms, 0.0);
    }

    void cpuIsMeasuredBetweenTwoLooks()
    {
        CpuMeter meter;
        const auto start = std::chrono::steady_clock::now();
        const double begin = processUsage().cpuSeconds;
        (void)meter.percent(begin, start + 1s);
        QCOMPARE(meter.percent(begin + 1, start + 3s), 50.0);
        QCOMPARE(meter.percent(begin + 9, start + 3s + 10ms), 50.0); // Too soon to tell.
    }

    void staysBoundedUnderAFloodOfNames()
    {
        Metrics metrics([] { return Gauges{}; });
        for (int i = 0; i < 5000; ++i)
            metrics.count(
                {.method = "GET", .endpoint = QByteArray::number(i), .status = 200, .duration = 1ms});
        const QByteArray text = metrics.exposition();
        QVERIFY(text.count("http_requests_total{") < 2100);
        QVERIFY(text.contains("http_requests_total{endpoint=\"other\""));
    }
};

QTEST_GUILESS_MAIN(MetricsTest)
#include "tst_metrics.moc"
