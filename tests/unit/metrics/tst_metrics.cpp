// SPDX-License-Identifier: GPL-3.0-or-later
#include "metrics/metrics.h"

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
                for (int i = 0; i < 1000; ++i)
                    metrics.count({.method = "GET", .endpoint = "/healthz", .status = 200, .duration = 1ms});
            });
        for (std::thread &thread : threads)
            thread.join();
        QVERIFY(metrics.exposition().contains(
            "http_requests_total{endpoint=\"/healthz\",method=\"GET\",status=\"200\"} 4000"));
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
