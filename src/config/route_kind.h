// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings.h"

namespace gatehouse {

/// The word by which settings and the API call it: `openai`, `ollama`, `local`.
[[nodiscard]] const char *kindWord(RouteKind kind);

} // namespace gatehouse
