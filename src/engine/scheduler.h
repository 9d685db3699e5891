// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

#include <chrono>
#include <vector>

namespace gatehouse {

using JobId = quint64;

/// Who may compute now. Knows neither models nor threads nor clocks: it is told what happened and answers
/// with values.
///
/// A job waits until it gets a slot and keeps it until it is finished. A job whose reader can't keep up is
/// blocked; it loses its slot as soon as another one could use it, so that nobody waits for a slow reader,
/// and gets one back by the order of arrival. (What it computed may be lost by then and is computed again.)
class Scheduler
{
public:
    /// `slots`: jobs that compute at the same time; `queueLimit`: jobs without a slot. Both ≥ 1.
    Scheduler(int slots, int queueLimit);

    /// False: the queue is full and the job was not taken.
    [[nodiscard]] bool submit(JobId job);
    void setBlocked(JobId job, bool blocked);
    /// The job is done, or nobody wants it any more. `busy`: how long it had a slot. Unknown jobs are
    /// ignored.
    void finish(JobId job, std::chrono::milliseconds busy = {});

    /// The job has come to a point where it loses nothing if others go first: it waits again, behind all that
    /// are there now.
    void pass(JobId job);

    /// A job and the slot that it computes in, 0 … slots − 1.
    struct Turn
    {
        JobId job;
        int slot;
        friend bool operator==(const Turn &, const Turn &) = default;
    };

    /// The jobs to move forward by one step, at most one a slot. Empty: nothing to do until something
    /// changes.
    [[nodiscard]] std::vector<Turn> plan();

    /// When a refused caller may find room, judged by the jobs that finished lately: 1 … 60 s.
    [[nodiscard]] std::chrono::seconds retryAfter() const;

    [[nodiscard]] int waiting() const; ///< Jobs without a slot.

private:
    struct Job
    {
        JobId id;
        int slot = -1;
        bool blocked = false;
    };

    [[nodiscard]] Job *find(JobId job);
    [[nodiscard]] int freeSlot() const;
    [[nodiscard]] int slotToTakeOver() const;
    void release(int slot);

    int m_slots;
    int m_queueLimit;
    std::vector<Job> m_jobs; ///< In order of arrival.
    std::chrono::milliseconds m_typicalBusy{1000};
};

} // namespace gatehouse
