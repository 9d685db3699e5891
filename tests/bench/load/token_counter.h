// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::bench {

/// Counts the fake upstream's tokens (`w0 `, `w1 `, …) in a stream of OpenAI chunks and sees to their order.
class TokenCounter
{
public:
    /// How many events of the fake's tokens `body` brings, together with what came before.
    int feed(std::string_view body);

    [[nodiscard]] int tokens() const { return m_tokens; }
    [[nodiscard]] bool isInOrder() const { return m_inOrder; }
    [[nodiscard]] bool isDone() const { return m_done; } ///< `[DONE]` was there.

private:
    bool readLine(std::string_view line);

    std::string m_rest; ///< A line as far as it has come.
    int m_tokens = 0;
    bool m_inOrder = true;
    bool m_done = false;
};

} // namespace gatehouse::bench
