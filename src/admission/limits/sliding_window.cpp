// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/sliding_window.h"

#include <algorithm>
#include <limits>

namespace gatehouse {

namespace {

constexpr std::size_t fineRuns = 1800;

qint64 elapsed(MonotonicTime now)
{
    return std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
}

} // namespace

std::chrono::milliseconds SlidingWindow::wait(qint64 limit, qint64 amount, MonotonicTime now)
{
    forget(now);
    qint64 left = m_sum;
    if (left + amount <= limit)
        return {};
    for (auto run = m_runs.begin() + m_first; run != m_runs.end(); ++run) {
        left -= run->amount;
        if (left + amount <= limit)
            return untilGone(*run, now);
    }
    return std::chrono::milliseconds(m_length);
}

SlidingWindow::Moment SlidingWindow::take(qint64 amount, MonotonicTime now)
{
    forget(now);
    const Moment moment = momentOf(now);
    if (m_runs.empty() || moment != m_last)
        m_runs.push_back({static_cast<quint32>(moment), 0});
    m_last = moment;
    adjust(moment, amount, now);
    return moment;
}

void SlidingWindow::adjust(Moment moment, qint64 difference, MonotonicTime now)
{
    forget(now);
    const auto run = std::lower_bound(m_runs.begin() + m_first, m_runs.end(), moment,
                                      [this](const Run &r, Moment m) { return whole(r.moment) < m; });
    if (run == m_runs.end() || whole(run->moment) != moment)
        return;
    constexpr qint64 most = std::numeric_limits<quint32>::max();
    const qint64 amount = std::clamp<qint64>(run->amount + difference, 0, most);
    m_sum += amount - run->amount;
    run->amount = static_cast<quint32>(amount);
}

qint64 SlidingWindow::used(MonotonicTime now)
{
    forget(now);
    return m_sum;
}

std::chrono::milliseconds SlidingWindow::untilEmpty(MonotonicTime now)
{
    forget(now);
    return m_runs.empty() ? std::chrono::milliseconds::zero() : untilGone(m_runs.back(), now);
}

void SlidingWindow::clear()
{
    if (m_runs.capacity() > 16)
        std::vector<Run>().swap(m_runs);
    m_runs.clear();
    m_first = 0;
    m_sum = 0;
}

void SlidingWindow::forget(MonotonicTime now)
{
    const qint64 time = elapsed(now);
    if (m_last + m_length <= time)
        return clear();
    while (m_first < m_runs.size() && whole(m_runs[m_first].moment) + m_length <= time)
        m_sum -= m_runs[m_first++].amount;
    if (m_first > m_runs.size() / 2) {
        m_runs.erase(m_runs.begin(), m_runs.begin() + m_first);
        m_first = 0;
    }
}

SlidingWindow::Moment SlidingWindow::momentOf(MonotonicTime now) const
{
    const qint64 time = std::chrono::ceil<std::chrono::milliseconds>(now.time_since_epoch()).count();
    const qint64 step = runCount() < fineRuns ? 1 : qint64(m_length / fineRuns);
    const qint64 moment = (time + step - 1) / step * step;
    return m_runs.empty() ? moment : std::max(moment, m_last);
}

SlidingWindow::Moment SlidingWindow::whole(quint32 moment) const
{
    return m_last - static_cast<quint32>(static_cast<quint32>(m_last) - moment);
}

std::chrono::milliseconds SlidingWindow::untilGone(const Run &run, MonotonicTime now) const
{
    return std::chrono::milliseconds(whole(run.moment) + m_length - elapsed(now));
}

} // namespace gatehouse
