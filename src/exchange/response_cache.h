// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QByteArray>
#include <QObject>

#include <functional>
#include <memory>
#include <optional>
#include <variant>

namespace gatehouse {

/// An answer as it was given once, to be given again.
struct CachedAnswer
{
    QByteArray body; ///< The whole body, in the dialect that was asked in.
    QByteArray model;
    QByteArray route;
};
using CachedAnswerPtr = std::shared_ptr<const CachedAnswer>;

/// Answers to the same question (contract §6): kept for a while, within a bound of bytes, the longest unused
/// going first; and identical questions that come while the first one is being answered wait for its answer.
/// Shared by all lanes; thread-safe.
class ResponseCache
{
public:
    struct Limits
    {
        bool enabled = false;
        std::chrono::seconds lifetime{3600};
        qint64 maxBytes = 64 * 1024 * 1024;
        qint64 maxAnswerBytes = 1024 * 1024; ///< A longer answer is not kept.
    };
    struct Figures
    {
        qint64 hits = 0;    ///< Answered without asking the model, those that waited included.
        qint64 misses = 0;  ///< Flights that were given.
        qint64 answers = 0; ///< Kept now.
        qint64 bytes = 0;   ///< What they take, with what it takes to keep them.
    };

    explicit ResponseCache(const Limits &limits, const Clock &clock);
    ~ResponseCache();

    /// Takes over new bounds; what doesn't fit any more goes. Switched off, it is empty.
    void apply(const Limits &limits);

    /// Forgets all answers, and those under way: who waits for one gets it, nobody who asks later.
    void clear();

    /// The duty to answer a question that others may be waiting for. Destroyed without an answer, the next
    /// one in line gets the duty. Move-only (by pointer); outlived by the cache.
    class Flight
    {
    public:
        virtual ~Flight() = default;
        virtual void land(CachedAnswer answer) = 0; ///< Once.
    };
    using Found = std::variant<CachedAnswerPtr, std::unique_ptr<Flight>>;

    /// Calls `done` once: at once if the answer is there or the question is new, else in the thread of
    /// `context` when the one who asks has got his answer, or has failed and the duty comes here. Where
    /// `context` has gone by then, the next one in line is told. `question` names caller, dialect, model and
    /// all that the answer depends on; only its hash (SHA-256) is kept. Switched off, it gives a flight at
    /// once, whose landing does nothing. Call it in the thread of `context`; a `done` that is not called may
    /// die in any thread.
    void find(const QByteArray &question, QObject *context, std::function<void(Found)> done);

    [[nodiscard]] Figures figures() const;

private:
    class Private;
    std::shared_ptr<Private> d; ///< Shared with the flights.
};

} // namespace gatehouse
