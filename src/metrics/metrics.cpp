// SPDX-License-Identifier: GPL-3.0-or-later
#include "metrics/metrics.h"

#include "metrics/duration_histogram.h"
#include "metrics/families.h"
#include "metrics/process_usage.h"

#include <QHash>

#include <prometheus/text_serializer.h>

#include <atomic>
#include <sstream>

namespace gatehouse {

namespace {

const Buckets requestBuckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                             0.5,   1,      2.5,   5,    10,    30,   60,  120};
const Buckets inferenceBuckets{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300};
const Buckets firstTokenBuckets{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
const Buckets waitBuckets{0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};

double seconds(std::chrono::nanoseconds duration)
{
    return std::chrono::duration<double>(duration).count();
}

prometheus::Gauge &gauge(prometheus::Registry &registry, const char *name, const char *help)
{
    return gauges(registry, name, help).Add({});
}

prometheus::Counter &counter(prometheus::Registry &registry, const char *name, const char *help)
{
    return counters(registry, name, help).Add({});
}

} // namespace

class Metrics::Private
{
public:
    explicit Private(std::function<Gauges()> gaugesReader)
        : readGauges(std::move(gaugesReader))
    {
        buildInfo.Set(1);
        startTime.Set(seconds(std::chrono::system_clock::now().time_since_epoch()));
    }

    std::function<Gauges()> readGauges;
    const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

    // What figures() tells; the exposition has its own.
    std::atomic<qint64> requestSum = 0;
    std::atomic<qint64> errorSum = 0;
    std::atomic<qint64> inferenceSum = 0;
    std::atomic<qint64> routeFailureSum = 0;
    std::atomic<qint64> promptTokenSum = 0;
    std::atomic<qint64> completionTokenSum = 0;
    std::atomic<qint64> runningExchanges = 0;
    std::atomic<qint64> openWebSockets = 0;
    DurationHistogram inferenceTimes;

    prometheus::Registry registry;
    Children<prometheus::Counter> requests{counters(registry, "http_requests_total", "Requests answered."),
                                           {"method", "endpoint", "status"}};
    Children<prometheus::Histogram> requestSeconds{
        histograms(registry, "http_request_duration_seconds",
                   "First byte of a request to the end of its answer."),
        {"endpoint"},
        requestBuckets};
    Children<prometheus::Counter> inferences{
        counters(registry, "model_inference_total",
                 "Requests to a model by their outcome, refusals included."),
        {"model", "route", "outcome"}};
    Children<prometheus::Histogram> inferenceSeconds{
        histograms(registry, "model_inference_duration_seconds",
                   "Hand-over to the model to the end of its answer, where one was begun."),
        {"model"},
        inferenceBuckets};
    Children<prometheus::Histogram> firstTokenSeconds{
        histograms(registry, "gatehouse_time_to_first_token_seconds",
                   "Hand-over to the model to its first token."),
        {"model"},
        firstTokenBuckets};
    Children<prometheus::Counter> tokens{
        counters(registry, "gatehouse_tokens_total", "Tokens read (prompt) and written (completion)."),
        {"model", "kind"}};
    Children<prometheus::Gauge> routeUp{
        gauges(registry, "gatehouse_upstream_up",
               "Whether a route listed its models when it was last asked; absent: never asked."),
        {"route"}};
    Children<prometheus::Gauge> routeRunning{
        gauges(registry, "gatehouse_route_requests_in_flight", "Requests that a route has now."), {"route"}};
    Children<prometheus::Gauge> routeOpen{
        gauges(registry, "gatehouse_route_circuit_open",
               "Whether a route is left alone for a while, because requests to it failed."),
        {"route"}};
    Children<prometheus::Gauge> routeWaiting{
        gauges(registry, "gatehouse_route_waiting",
               "Requests waiting for a place at a route, or at the routes of a pool."),
        {"group"}};
    Children<prometheus::Counter> routeFailures{
        counters(registry, "gatehouse_route_failures_total",
                 "Attempts at a route that failed, also where another one answered in its place."),
        {"route", "error"}};
    prometheus::Histogram &waits =
        histograms(registry, "gatehouse_queue_wait_seconds",
                   "Waits for a place at a busy route, of the requests that had to wait.")
            .Add({}, waitBuckets);
    Children<prometheus::Gauge> queueDepth{
        gauges(registry, "gatehouse_queue_depth", "Requests waiting for a local model."), {"model"}};

    prometheus::Gauge &running = gauge(registry, "gatehouse_exchanges_running", "Answers under way.");
    prometheus::Gauge &webSockets = gauge(registry, "gatehouse_websockets_open", "Open WebSockets.");
    prometheus::Gauge &connections = gauge(registry, "active_connections_total", "Open client connections.");
    prometheus::Gauge &accepted =
        gauge(registry, "gatehouse_connections_accepted", "Connections accepted since the start.");
    prometheus::Gauge &refused = gauge(registry, "gatehouse_connections_refused",
                                       "Connections refused for lack of room since the start.");
    prometheus::Counter &cacheHits =
        counter(registry, "gatehouse_cache_hits_total", "Chat requests answered from the response cache.");
    prometheus::Counter &cacheMisses = counter(registry, "gatehouse_cache_misses_total",
                                               "Chat requests that the response cache had no answer to.");
    prometheus::Gauge &cacheAnswers =
        gauge(registry, "gatehouse_cache_answers", "Answers in the response cache.");
    prometheus::Gauge &cacheBytes = gauge(registry, "gatehouse_cache_bytes", "Size of the response cache.");
    prometheus::Gauge &databaseUp = gauge(registry, "gatehouse_database_up", "Whether the database answers.");
    prometheus::Gauge &ledgerRoom =
        gauge(registry, "gatehouse_ledger_has_room",
              "Whether requests can be accounted for; requests to models are refused where they can't.");
    prometheus::Gauge &memory = gauge(registry, "memory_usage_bytes", "Resident memory of this process.");
    prometheus::Gauge &cpu = gauge(registry, "cpu_usage_percent",
                                   "Processor time of this process since the last look, 100 = one core.");
    prometheus::Gauge &startTime =
        gauge(registry, "process_start_time_seconds", "When this server was started, in seconds since 1970.");
    prometheus::Gauge &buildInfo = gauges(registry, "gatehouse_build_info", "The running version, always 1.")
                                       .Add({{"version", GATEHOUSE_VERSION}});

    QMutex readMutex; ///< Guards `cpuMeter`, and the gauges' values against two readers.
    CpuMeter cpuMeter;

    void refresh()
    {
        show(readGauges());
        running.Set(static_cast<double>(runningExchanges));
        webSockets.Set(static_cast<double>(openWebSockets));
        const ProcessUsage usage = processUsage();
        memory.Set(static_cast<double>(usage.residentBytes));
        cpu.Set(cpuMeter.percent(usage.cpuSeconds, std::chrono::steady_clock::now()));
    }

private:
    void show(const Gauges &read)
    {
        connections.Set(static_cast<double>(read.activeConnections));
        accepted.Set(static_cast<double>(read.acceptedConnections));
        refused.Set(static_cast<double>(read.refusedConnections));
        follow(cacheHits, read.cache.hits);
        follow(cacheMisses, read.cache.misses);
        cacheAnswers.Set(static_cast<double>(read.cache.answers));
        cacheBytes.Set(static_cast<double>(read.cache.bytes));
        databaseUp.Set(read.isDatabaseUp ? 1 : 0);
        ledgerRoom.Set(read.hasLedgerRoom ? 1 : 0);
        showQueues(read);
        showRoutes(read);
    }

    /// Several routes may have a model of one name.
    void showQueues(const Gauges &read)
    {
        QHash<QByteArray, qint64> waiting;
        for (const Gauges::Queue &queue : read.queues)
            waiting[queue.model] += queue.waiting;
        QList<QByteArrayList> models;
        for (auto queue = waiting.cbegin(); queue != waiting.cend(); ++queue)
            models.append({queue.key()});
        queueDepth.keepOnly(models);
        for (auto queue = waiting.cbegin(); queue != waiting.cend(); ++queue)
            queueDepth.of({queue.key()}).Set(static_cast<double>(queue.value()));
    }

    /// Routes come and go while the process runs.
    void showRoutes(const Gauges &read)
    {
        QList<QByteArrayList> asked;
        QList<QByteArrayList> all;
        for (const Gauges::Route &route : read.routes) {
            all.append({route.key});
            if (route.isUp)
                asked.append({route.key});
        }
        QList<QByteArrayList> groups;
        for (const Gauges::WaitingRoom &room : read.waitingRooms)
            groups.append({room.group});
        routeUp.keepOnly(asked);
        routeRunning.keepOnly(all);
        routeOpen.keepOnly(all);
        routeWaiting.keepOnly(groups);
        for (const Gauges::Route &route : read.routes) {
            if (route.isUp)
                routeUp.of({route.key}).Set(*route.isUp ? 1 : 0);
            routeRunning.of({route.key}).Set(static_cast<double>(route.outstanding));
            routeOpen.of({route.key}).Set(route.isLeftAlone ? 1 : 0);
        }
        for (const Gauges::WaitingRoom &room : read.waitingRooms)
            routeWaiting.of({room.group}).Set(static_cast<double>(room.waiting));
    }
};

Metrics::Metrics(std::function<Gauges()> gauges)
    : d(std::make_unique<Private>(std::move(gauges)))
{}

Metrics::~Metrics() = default;

void Metrics::count(const RequestFacts &facts)
{
    d->requests.of({facts.method, facts.endpoint, QByteArray::number(facts.status)}).Increment();
    d->requestSeconds.of({facts.endpoint}).Observe(seconds(facts.duration));
    ++d->requestSum;
    if (facts.status >= 400)
        ++d->errorSum;
}

void Metrics::count(const InferenceFacts &facts)
{
    d->inferences.of({facts.model, facts.route, facts.outcome}).Increment();
    if (facts.outcome == "ok" || facts.timeToFirstToken) {
        d->inferenceSeconds.of({facts.model}).Observe(seconds(facts.duration));
        d->inferenceTimes.count(facts.duration);
    }
    if (facts.timeToFirstToken)
        d->firstTokenSeconds.of({facts.model}).Observe(seconds(*facts.timeToFirstToken));
    if (facts.waited.count() > 0)
        d->waits.Observe(seconds(facts.waited));
    d->tokens.of({facts.model, "prompt"}).Increment(static_cast<double>(facts.promptTokens));
    d->tokens.of({facts.model, "completion"}).Increment(static_cast<double>(facts.completionTokens));
    ++d->inferenceSum;
    d->promptTokenSum += facts.promptTokens;
    d->completionTokenSum += facts.completionTokens;
}

void Metrics::count(const AttemptFacts &facts)
{
    d->routeFailures.of({facts.route, facts.error}).Increment();
    ++d->routeFailureSum;
}

void Metrics::exchangeBegan()
{
    ++d->runningExchanges;
}

void Metrics::exchangeEnded()
{
    --d->runningExchanges;
}

void Metrics::webSocketOpened()
{
    ++d->openWebSockets;
}

void Metrics::webSocketClosed()
{
    --d->openWebSockets;
}

QByteArray Metrics::exposition() const
{
    const QMutexLocker lock(&d->readMutex);
    d->refresh();
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, d->registry.Collect());
    return QByteArray::fromStdString(out.str());
}

MetricFigures Metrics::figures() const
{
    const ProcessUsage usage = processUsage();
    const QMutexLocker lock(&d->readMutex);
    return {.uptime = uptime(),
            .requests = d->requestSum,
            .errors = d->errorSum,
            .inferences = d->inferenceSum,
            .routeFailures = d->routeFailureSum,
            .promptTokens = d->promptTokenSum,
            .completionTokens = d->completionTokenSum,
            .p50Ms = d->inferenceTimes.quantileMs(0.5),
            .p95Ms = d->inferenceTimes.quantileMs(0.95),
            .exchangesRunning = d->runningExchanges,
            .webSockets = d->openWebSockets,
            .residentBytes = usage.residentBytes,
            .cpuPercent = d->cpuMeter.percent(usage.cpuSeconds, std::chrono::steady_clock::now()),
            .gauges = d->readGauges()};
}

std::chrono::seconds Metrics::uptime() const
{
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - d->start);
}

} // namespace gatehouse
