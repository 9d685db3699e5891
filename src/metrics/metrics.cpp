// SPDX-License-Identifier: GPL-3.0-or-later
#include "metrics/metrics.h"

#include "metrics/process_usage.h"

#include <QHash>
#include <QMutex>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <sstream>

namespace gatehouse {

namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets requestBuckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                             0.5,   1,      2.5,   5,    10,    30,   60,  120};
const Buckets inferenceBuckets{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300};
const Buckets firstTokenBuckets{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

double seconds(std::chrono::nanoseconds duration)
{
    return std::chrono::duration<double>(duration).count();
}

/// Children of one family by label values. The library's own lookup builds a map and hashes it at each call;
/// this keeps the request path at one lock and one hash of a short key. Bounded by `limit`: what comes later
/// is counted under the label value `other`, so that no flood of names can fill the memory.
template <typename Metric>
class Children
{
public:
    Children(prometheus::Family<Metric> &family, std::initializer_list<const char *> names,
             Buckets buckets = {})
        : m_family(family)
        , m_names(names.begin(), names.end())
        , m_buckets(std::move(buckets))
    {}

    Metric &of(const QByteArrayList &values)
    {
        const QMutexLocker lock(&m_mutex);
        if (Metric *child = m_children.value(values.join('\0')))
            return *child;
        const QByteArrayList kept =
            m_children.size() < limit ? values : QByteArrayList(values.size(), "other");
        Metric *&child = m_children[kept.join('\0')];
        if (!child)
            child = &make(kept);
        return *child;
    }

private:
    static constexpr qsizetype limit = 2000;

    Metric &make(const QByteArrayList &values)
    {
        prometheus::Labels labels;
        for (std::size_t i = 0; i < m_names.size(); ++i)
            labels.emplace(m_names[i], values.at(static_cast<qsizetype>(i)).toStdString());
        if constexpr (std::is_same_v<Metric, prometheus::Histogram>)
            return m_family.Add(labels, m_buckets);
        else
            return m_family.Add(labels);
    }

    prometheus::Family<Metric> &m_family;
    std::vector<std::string> m_names;
    Buckets m_buckets;
    QMutex m_mutex;
    QHash<QByteArray, Metric *> m_children;
};

prometheus::Family<prometheus::Counter> &counters(prometheus::Registry &r, const char *name, const char *help)
{
    return prometheus::BuildCounter().Name(name).Help(help).Register(r);
}

prometheus::Family<prometheus::Histogram> &histograms(prometheus::Registry &r, const char *name,
                                                      const char *help)
{
    return prometheus::BuildHistogram().Name(name).Help(help).Register(r);
}

prometheus::Gauge &gauge(prometheus::Registry &r, const char *name, const char *help)
{
    return prometheus::BuildGauge().Name(name).Help(help).Register(r).Add({});
}

} // namespace

class Metrics::Private
{
public:
    explicit Private(std::function<Gauges()> readGauges)
        : gauges(std::move(readGauges))
    {
        buildInfo.Set(1);
        lastCpu = processUsage().cpuSeconds;
    }

    std::function<Gauges()> gauges;
    prometheus::Registry registry;
    Children<prometheus::Counter> requests{counters(registry, "http_requests_total", "Requests answered."),
                                           {"method", "endpoint", "status"}};
    Children<prometheus::Histogram> requestSeconds{
        histograms(registry, "http_request_duration_seconds",
                   "First byte of a request to the end of its answer."),
        {"endpoint"},
        requestBuckets};
    Children<prometheus::Counter> inferences{
        counters(registry, "model_inference_total", "Chat and completion requests that reached a model."),
        {"model", "route", "outcome"}};
    Children<prometheus::Histogram> inferenceSeconds{
        histograms(registry, "model_inference_duration_seconds",
                   "Hand-over to the model to the end of its answer."),
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
    prometheus::Gauge &running = gauge(registry, "gatehouse_exchanges_running", "Answers under way.");
    prometheus::Gauge &connections = gauge(registry, "active_connections_total", "Open client connections.");
    prometheus::Gauge &accepted =
        gauge(registry, "gatehouse_connections_accepted", "Connections accepted since the start.");
    prometheus::Gauge &refused = gauge(registry, "gatehouse_connections_refused",
                                       "Connections refused for lack of room since the start.");
    prometheus::Gauge &memory = gauge(registry, "memory_usage_bytes", "Resident memory of this process.");
    prometheus::Gauge &cpu = gauge(registry, "cpu_usage_percent",
                                   "Processor time of this process since the last scrape, 100 = one core.");
    prometheus::Gauge &buildInfo = prometheus::BuildGauge()
                                       .Name("gatehouse_build_info")
                                       .Help("The running version, always 1.")
                                       .Register(registry)
                                       .Add({{"version", GATEHOUSE_VERSION}});

    QMutex scrapeMutex;
    std::chrono::steady_clock::time_point lastScrape = std::chrono::steady_clock::now();
    double lastCpu = 0;

    void refreshGauges()
    {
        const Gauges read = gauges();
        connections.Set(static_cast<double>(read.activeConnections));
        accepted.Set(static_cast<double>(read.acceptedConnections));
        refused.Set(static_cast<double>(read.refusedConnections));
        const ProcessUsage usage = processUsage();
        memory.Set(static_cast<double>(usage.residentBytes));
        const auto now = std::chrono::steady_clock::now();
        if (const double elapsed = seconds(now - lastScrape); elapsed > 0.1) {
            cpu.Set(100 * (usage.cpuSeconds - lastCpu) / elapsed);
            lastScrape = now;
            lastCpu = usage.cpuSeconds;
        }
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
}

void Metrics::count(const InferenceFacts &facts)
{
    d->inferences.of({facts.model, facts.route, facts.outcome}).Increment();
    d->inferenceSeconds.of({facts.model}).Observe(seconds(facts.duration));
    if (facts.timeToFirstToken)
        d->firstTokenSeconds.of({facts.model}).Observe(seconds(*facts.timeToFirstToken));
    d->tokens.of({facts.model, "prompt"}).Increment(static_cast<double>(facts.promptTokens));
    d->tokens.of({facts.model, "completion"}).Increment(static_cast<double>(facts.completionTokens));
}

void Metrics::exchangeBegan()
{
    d->running.Increment();
}

void Metrics::exchangeEnded()
{
    d->running.Decrement();
}

QByteArray Metrics::exposition() const
{
    const QMutexLocker lock(&d->scrapeMutex);
    d->refreshGauges();
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, d->registry.Collect());
    return QByteArray::fromStdString(out.str());
}

} // namespace gatehouse
