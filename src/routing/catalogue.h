// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/snapshot.h"
#include "chat/chat_backend.h"

#include <QHash>
#include <QObject>
#include <QSet>

#include <memory>
#include <mutex>
#include <optional>

namespace gatehouse {

/// What is known of one route's models.
struct CatalogueEntry
{
    QList<ModelInfo> models = {};      ///< The newest list that the route gave, however old.
    bool listed = false;               ///< Whether it ever gave one.
    std::optional<Error> failure = {}; ///< Why the newest attempt gave none.
    std::chrono::milliseconds latency{};
    MonotonicTime asked = {}; ///< When the newest attempt ended.
};

/// By route key. A route that was never asked has no entry.
using CatalogueEntries = QHash<QByteArray, std::shared_ptr<const CatalogueEntry>>;

/// Which models the routes list, shared by all lanes so that a route is asked once and not once a lane.
/// Thread-safe, and outlives the backends that it asks. Readers take a snapshot and never wait.
class Catalogue : public QObject
{
    Q_OBJECT
public:
    /// How long an answer, or the lack of one, counts: a route is asked at most so often.
    static constexpr std::chrono::seconds freshness{10};

    explicit Catalogue(const Clock &clock);

    [[nodiscard]] std::shared_ptr<const CatalogueEntries> entries() const { return m_entries.get(); }
    [[nodiscard]] static bool isFresh(const CatalogueEntry &entry, MonotonicTime now)
    {
        return now - entry.asked < freshness;
    }

    /// False: the route's entry is fresh. True: renewed() will tell when it is. The route is asked through
    /// `backend`, in whose thread this is called, unless somebody is asking it already.
    [[nodiscard]] bool refresh(const QByteArray &routeKey, ChatBackend &backend);

Q_SIGNALS:
    /// From whichever lane asked.
    void renewed(const QByteArray &routeKey);

private:
    void store(const QByteArray &routeKey, const Result<QList<ModelInfo>> &answer, MonotonicTime began);

    const Clock &m_clock;
    Snapshot<CatalogueEntries> m_entries;
    std::mutex m_mutex;        ///< Guards m_asking, and m_entries against two writers.
    QSet<QByteArray> m_asking; ///< Keys of the routes that are being asked.
};

} // namespace gatehouse
