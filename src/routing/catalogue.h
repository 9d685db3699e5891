// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/snapshot.h"
#include "chat/chat_backend.h"
#include "config/model_name.h"

#include <QHash>
#include <QObject>

#include <memory>
#include <mutex>
#include <optional>

namespace gatehouse {

/// What is known of one route's models.
struct CatalogueEntry
{
    QList<ModelInfo> models = {};      ///< The newest list that the route gave, however old; see setModels().
    bool listed = false;               ///< Whether it ever gave one.
    std::optional<Error> failure = {}; ///< Why the newest attempt gave none.
    std::chrono::milliseconds latency{};
    MonotonicTime asked = {};                 ///< When the newest attempt ended.
    QHash<QByteArray, qsizetype> byName = {}; ///< Into `models`, by canonical name.

    void setModels(QList<ModelInfo> list);
    [[nodiscard]] const ModelInfo *find(QByteArrayView model) const; ///< By isSameModel(); null: not listed.
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

    /// False: the route's entry is fresh. True: renewed() will tell when the question has ended. The route is
    /// asked through `backend`, in whose thread this is called, unless somebody is asking it already.
    [[nodiscard]] bool refresh(const QByteArray &routeKey, ChatBackend &backend);

    /// As refresh(), but asks however fresh the entry is.
    void probe(const QByteArray &routeKey, ChatBackend &backend);

    /// The route is another one now, or none: what is known of it is wrong, and an answer that is still under
    /// way doesn't count.
    void forget(const QByteArray &routeKey);

Q_SIGNALS:
    /// From whichever lane asked. The question may have come to nothing because its asker ended or the route
    /// was forgotten: then the entry is what it was before, or none, and whoever waits for it asks again.
    void renewed(const QByteArray &routeKey);

private:
    struct Question
    {
        QByteArray routeKey;
        quint64 number;
        MonotonicTime began;
    };

    [[nodiscard]] std::optional<Question> begin(const QByteArray &routeKey); ///< With the mutex held.
    void ask(const Question &question, ChatBackend &backend);
    void store(const Question &question, const Result<QList<ModelInfo>> &answer);
    void drop(const Question &question);
    [[nodiscard]] bool end(const Question &question); ///< With the mutex held. False: it doesn't count.

    const Clock &m_clock;
    Snapshot<CatalogueEntries> m_entries;
    std::mutex m_mutex;                  ///< Guards what follows, and m_entries against two writers.
    QHash<QByteArray, quint64> m_asking; ///< The question that counts, by the route that is being asked.
    quint64 m_questions = 0;
};

} // namespace gatehouse
