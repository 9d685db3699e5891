// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"
#include "chat/chat_request.h"

namespace gatehouse {

/// Counts an answer's tokens by watching it pass, for backends that report no usage and for answers that
/// break off before they do. The one place that estimates tokens.
class UsageEstimate
{
public:
    explicit UsageEstimate(const ChatRequest &request);

    void observe(const ChatEvent &event);
    [[nodiscard]] Usage usage() const;

private:
    void addDelta(qsizetype bytes);

    bool m_streamed; ///< Upstreams send about one delta a token; a folded answer comes as one delta.
    qint64 m_promptBytes = 0;
    qint64 m_deltas = 0;
    qint64 m_answerBytes = 0;
};

/// How many tokens an answer is reckoned with before it comes: what the request allows, or a usual answer's.
[[nodiscard]] qint64 expectedAnswerTokens(const ChatRequest &request);

} // namespace gatehouse
