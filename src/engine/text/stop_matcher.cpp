// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/text/stop_matcher.h"

#include <algorithm>
#include <utility>

namespace gatehouse {

StopMatcher::StopMatcher(const QList<QByteArray> &stops)
{
    for (const QByteArray &stop : stops) {
        if (!stop.isEmpty())
            m_stops.append(stop);
    }
}

QByteArray StopMatcher::push(QByteArrayView text)
{
    if (m_matched)
        return {};
    m_pending.append(text);
    const qsizetype match = firstMatch();
    m_matched = match >= 0;
    const qsizetype certain = m_matched ? match : m_pending.size() - heldLength();
    const QByteArray released = m_pending.first(certain);
    m_pending.remove(0, m_matched ? m_pending.size() : certain);
    return released;
}

QByteArray StopMatcher::finish()
{
    return std::exchange(m_pending, {});
}

qsizetype StopMatcher::firstMatch() const
{
    qsizetype first = -1;
    for (const QByteArray &stop : m_stops) {
        const qsizetype at = m_pending.indexOf(stop);
        if (at >= 0 && (first < 0 || at < first))
            first = at;
    }
    return first;
}

/// The length of the longest end of the text that is the beginning of a stop string.
qsizetype StopMatcher::heldLength() const
{
    qsizetype held = 0;
    for (const QByteArray &stop : m_stops) {
        for (qsizetype length = std::min(stop.size() - 1, m_pending.size()); length > held; --length) {
            if (m_pending.endsWith(QByteArrayView(stop).first(length))) {
                held = length;
                break;
            }
        }
    }
    return held;
}

} // namespace gatehouse
