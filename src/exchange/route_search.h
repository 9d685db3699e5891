// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/caller.h"
#include "base/clock.h"
#include "routing/model_router.h"
#include "routing/turn.h"

#include <QObject>
#include <QSet>

#include <functional>
#include <memory>

namespace gatehouse {

/// Finds one place after the other at which a request may be answered: the routes of the model that was asked
/// for, each once, then those of the models that may answer in its place. Lives in one lane.
class RouteSearch : public QObject
{
    Q_OBJECT
public:
    /// For whom, and how much.
    struct Errand
    {
        Caller caller; ///< Whose key may be made for some models only.
        QByteArray payer;
        qint64 tokens = 1;
        quint64 affinity = 0;
        bool isEmbedding = false; ///< A local model has turns of its own for these, and needs no place.
    };
    struct Found
    {
        Place place;
        Candidate candidate;
        QByteArray model;         ///< As callers call it.
        qint64 contextLength = 0; ///< Tokens; 0: unknown.
    };
    using Done = std::function<void(Result<Found>)>;

    /// Router and clock outlive it.
    RouteSearch(ModelRouter &models, const Clock &clock);

    /// Calls `done`, before this returns or later; and again for each goOn(). An Error is the end: what kept
    /// the model that was asked for from answering.
    void begin(Errand errand, const QByteArray &model, const QByteArray &routeKey, Done done);

    /// What was found last has failed so, before the caller was told anything; its place has been given back.
    void goOn(const Error &error);

    /// The model that is looked for now, as callers call it; empty: it isn't known yet.
    [[nodiscard]] const QByteArray &model() const { return m_resolved.model; }

    [[nodiscard]] qsizetype placeInQueue() const { return m_turn ? m_turn->placeInQueue() : 0; }
    [[nodiscard]] std::chrono::milliseconds waited() const { return m_waited; } ///< In all, for places.

Q_SIGNALS:
    void queued(); ///< The first time that a place has to be waited for.

private:
    void resolve();
    void take(const Result<ResolvedModel> &resolved);
    void seek();
    void onPlace(Result<Place> place);
    void handOver(const Candidate &candidate, Place place);
    void giveUpModel(const Error &error);
    [[nodiscard]] bool mayAskAgain() const;

    ModelRouter &m_models;
    const Clock &m_clock;
    Errand m_errand;
    QByteArray m_asked;     ///< The model that the caller named.
    FallbackModel m_wanted; ///< The one that is looked for now.
    int m_changes = 0;      ///< So often the routes have changed under it.
    Done m_done;
    ResolvedModel m_resolved;
    QSet<QByteArray> m_tried;                        ///< Routes, of m_resolved.
    QByteArray m_current;                            ///< The route that was found last.
    std::optional<QList<FallbackModel>> m_fallbacks; ///< Those that are left; unset until needed.
    std::optional<Error> m_reason; ///< What kept the model that was asked for from answering.
    Error m_newest;
    qint64 m_tooNarrow = 0;                          ///< A window of so many tokens didn't suffice.
    int m_handedOver = 0;                            ///< How many upstreams broke at the request.
    MonotonicTime m_deadline = MonotonicTime::max(); ///< No attempt begins later.
    std::unique_ptr<Turn> m_turn;
    std::optional<MonotonicTime> m_waitsSince;
    std::chrono::milliseconds m_waited{0};
    bool m_hasQueued = false;
};

} // namespace gatehouse
