// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

namespace gatehouse {

/// A text does not fit into the model's context. In OpenAI's words, which clients look for to shorten it.
/// `tokens`: how many it has, where that is known.
[[nodiscard]] Error contextExceeded(int contextLength, const QByteArray &param,
                                    std::optional<std::size_t> tokens = {});

} // namespace gatehouse
