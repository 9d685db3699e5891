// SPDX-License-Identifier: GPL-3.0-or-later
#include "load/token_counter.h"

#include <charconv>

namespace gatehouse::bench {

int TokenCounter::feed(std::string_view body)
{
    m_rest += body;
    int events = 0;
    std::size_t start = 0;
    for (std::size_t end = m_rest.find('\n'); end != std::string::npos; end = m_rest.find('\n', start)) {
        events += readLine(std::string_view(m_rest).substr(start, end - start)) ? 1 : 0;
        start = end + 1;
    }
    m_rest.erase(0, start);
    return events;
}

bool TokenCounter::readLine(std::string_view line)
{
    constexpr std::string_view data = "data: ";
    constexpr std::string_view token = "\"content\":\"w";
    if (!line.starts_with(data))
        return false;
    if (line.substr(data.size()).starts_with("[DONE]"))
        m_done = true;
    const std::size_t found = line.find(token);
    if (found == line.npos)
        return false;
    int number = -1;
    const char *first = line.data() + found + token.size();
    std::from_chars(first, line.data() + line.size(), number);
    m_inOrder = m_inOrder && number == m_tokens;
    ++m_tokens;
    return true;
}

} // namespace gatehouse::bench
