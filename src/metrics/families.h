// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayList>
#include <QHash>
#include <QMutex>
#include <QSet>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace gatehouse {

using Buckets = prometheus::Histogram::BucketBoundaries;

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

    /// Forgets all children but these, so that what is no more isn't shown for ever. Only where nobody
    /// holds one.
    void keepOnly(const QList<QByteArrayList> &values)
    {
        const QMutexLocker lock(&m_mutex);
        QSet<QByteArray> kept;
        for (const QByteArrayList &one : values)
            kept.insert(one.join('\0'));
        for (auto it = m_children.begin(); it != m_children.end();) {
            if (kept.contains(it.key())) {
                ++it;
                continue;
            }
            m_family.Remove(it.value());
            it = m_children.erase(it);
        }
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

inline prometheus::Family<prometheus::Counter> &counters(prometheus::Registry &registry, const char *name,
                                                         const char *help)
{
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

inline prometheus::Family<prometheus::Gauge> &gauges(prometheus::Registry &registry, const char *name,
                                                     const char *help)
{
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

inline prometheus::Family<prometheus::Histogram> &histograms(prometheus::Registry &registry, const char *name,
                                                             const char *help)
{
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

/// A figure that somebody else counts, shown as a counter: takes over its new value.
inline void follow(prometheus::Counter &counter, qint64 value)
{
    if (const double grown = static_cast<double>(value) - counter.Value(); grown > 0)
        counter.Increment(grown);
}

} // namespace gatehouse
