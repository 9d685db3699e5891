// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/limiter.h"

#include <QList>
#include <QPair>

namespace gatehouse {

/// `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` as OpenAI spells them; nothing for a figure that
/// is not there.
[[nodiscard]] QList<QPair<QByteArray, QByteArray>> rateHeaders(const RateFigures &figures);

/// A span as in those headers: `0s`, `59s`, `6m0s`, `1h2m3s`.
[[nodiscard]] QByteArray spanText(std::chrono::seconds span);

} // namespace gatehouse
