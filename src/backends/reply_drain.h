// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/http_client.h"

#include <vector>

namespace gatehouse {

/// Reads replies to their end whose answers are complete but for the last bytes of their framing: whoever
/// reads an answer is through at `[DONE]`, and to cancel there would cost its connection. Lives in the lane.
class ReplyDrain : public QObject
{
    Q_OBJECT
public:
    static constexpr std::chrono::milliseconds patience{1000};
    static constexpr size_t capacity = 256;

    /// Drops the reply once it has ended, after `patience`, or at once if there is no room.
    void adopt(UpstreamReplyPtr reply);

    [[nodiscard]] size_t size() const { return m_replies.size(); }

private:
    void drop(const UpstreamReply *reply);

    std::vector<UpstreamReplyPtr> m_replies;
};

} // namespace gatehouse
