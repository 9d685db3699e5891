// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/reply_drain.h"

#include <QTimer>

#include <algorithm>

namespace gatehouse {

void ReplyDrain::adopt(UpstreamReplyPtr reply)
{
    if (!reply || m_replies.size() >= capacity)
        return;
    UpstreamReply *raw = reply.get();
    raw->disconnect();
    const auto dropIt = [this, raw] {
        drop(raw);
    };
    connect(raw, &UpstreamReply::finished, this, dropIt);
    connect(raw, &UpstreamReply::failed, this, dropIt);
    // A timer of the reply's, so that it never meets another reply at the same address.
    auto *timer = new QTimer(raw);
    timer->setSingleShot(true);
    connect(timer, &QTimer::timeout, this, dropIt);
    timer->start(patience);
    m_replies.push_back(std::move(reply));
    raw->resume();
}

void ReplyDrain::drop(const UpstreamReply *reply)
{
    const auto found = std::find_if(m_replies.begin(), m_replies.end(),
                                    [reply](const UpstreamReplyPtr &held) { return held.get() == reply; });
    if (found != m_replies.end())
        m_replies.erase(found);
}

} // namespace gatehouse
