// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/turn.h"

#include <QTimerEvent>

#include <algorithm>

namespace gatehouse {

namespace {

/// A route's rest ends by time alone, which nobody tells those who wait.
constexpr int pulseMs = 1000;

} // namespace

Turn::Turn(std::shared_ptr<RouteGroup> group, Wish wish, QObject *parent)
    : QObject(parent)
    , m_group(std::move(group))
    , m_wish(std::move(wish))
{}

Turn::~Turn()
{
    (void)m_group->leave(*this);
}

void Turn::take(Done done)
{
    Q_ASSERT(!m_done && done);
    m_done = std::move(done);
    if (std::optional<Result<Place>> decision = m_group->join(*this))
        return conclude(*std::move(decision));
    const auto left = std::max(m_group->patience() - m_wish.waited, std::chrono::milliseconds(0));
    m_patience.start(static_cast<int>(left.count()), this);
    m_pulse.start(pulseMs, this);
}

bool Turn::isWaiting() const
{
    return static_cast<bool>(m_done);
}

qsizetype Turn::placeInQueue() const
{
    return m_done ? m_group->placeInQueue(*this) : 0;
}

void Turn::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_pulse.timerId())
        return m_group->lookAgain();
    if (event->timerId() != m_patience.timerId())
        return QObject::timerEvent(event);
    std::optional<Result<Place>> decision = m_group->leave(*this);
    conclude(decision ? *std::move(decision) : Result<Place>(m_group->tooLong()));
}

void Turn::deliver()
{
    if (std::optional<Result<Place>> decision = m_group->leave(*this))
        conclude(*std::move(decision));
}

void Turn::conclude(Result<Place> result)
{
    m_patience.stop();
    m_pulse.stop();
    std::exchange(m_done, nullptr)(std::move(result)); // May destroy this.
}

} // namespace gatehouse
