// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/token_window.h"

#include <algorithm>

namespace gatehouse {

qint64 completionToReserve(qint64 limit, qint64 promptTokens, qint64 completionTokens)
{
    const qint64 most = std::min(limit / 4, limit - promptTokens);
    return std::max<qint64>(std::min(completionTokens, most), 0);
}

TokenWindow::Place TokenWindow::reserve(qint64 tokens, MonotonicTime now)
{
    return {.moment = m_window.take(tokens, now), .tokens = tokens};
}

void TokenWindow::settle(const Place &place, qint64 used, MonotonicTime now)
{
    m_window.adjust(place.moment, used - place.tokens, now);
}

} // namespace gatehouse
