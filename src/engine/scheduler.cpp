// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/scheduler.h"

#include <algorithm>

namespace gatehouse {

Scheduler::Scheduler(int slots, int queueLimit)
    : m_slots(slots)
    , m_queueLimit(queueLimit)
{}

bool Scheduler::submit(JobId job)
{
    // A free slot is as good as a place in the queue: the next plan() gives it away.
    const int running = static_cast<int>(m_jobs.size()) - waiting();
    if (waiting() >= m_queueLimit + (m_slots - running))
        return false;
    m_jobs.push_back({.id = job});
    return true;
}

void Scheduler::setBlocked(JobId job, bool blocked)
{
    if (Job *found = find(job))
        found->blocked = blocked;
}

void Scheduler::finish(JobId job, std::chrono::milliseconds busy)
{
    if (std::erase_if(m_jobs, [job](const Job &j) { return j.id == job; }) > 0 && busy.count() > 0)
        m_typicalBusy = (3 * m_typicalBusy + busy) / 4;
}

void Scheduler::pass(JobId job)
{
    const auto found = std::ranges::find(m_jobs, job, &Job::id);
    if (found == m_jobs.end())
        return;
    found->slot = -1;
    std::rotate(found, found + 1, m_jobs.end());
}

std::vector<Scheduler::Turn> Scheduler::plan()
{
    std::vector<Turn> turns;
    for (Job &job : m_jobs) {
        if (job.blocked)
            continue;
        if (job.slot < 0)
            job.slot = freeSlot();
        if (job.slot < 0) {
            if (const int slot = slotToTakeOver(); slot >= 0) {
                release(slot);
                job.slot = slot;
            }
        }
        if (job.slot >= 0)
            turns.push_back({job.id, job.slot});
    }
    return turns;
}

std::chrono::seconds Scheduler::retryAfter() const
{
    const auto until = m_typicalBusy * (waiting() + 1) / m_slots;
    return std::clamp(std::chrono::ceil<std::chrono::seconds>(until), std::chrono::seconds(1),
                      std::chrono::seconds(60));
}

int Scheduler::waiting() const
{
    return static_cast<int>(std::ranges::count_if(m_jobs, [](const Job &job) { return job.slot < 0; }));
}

Scheduler::Job *Scheduler::find(JobId job)
{
    const auto found = std::ranges::find(m_jobs, job, &Job::id);
    return found == m_jobs.end() ? nullptr : &*found;
}

int Scheduler::freeSlot() const
{
    for (int slot = 0; slot < m_slots; ++slot) {
        if (std::ranges::find(m_jobs, slot, &Job::slot) == m_jobs.end())
            return slot;
    }
    return -1;
}

int Scheduler::slotToTakeOver() const
{
    const auto held =
        std::ranges::find_if(m_jobs, [](const Job &job) { return job.blocked && job.slot >= 0; });
    return held == m_jobs.end() ? -1 : held->slot;
}

void Scheduler::release(int slot)
{
    for (Job &job : m_jobs) {
        if (job.slot == slot)
            job.slot = -1;
    }
}

} // namespace gatehouse
