// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/table/binding.h"

namespace gatehouse {

/// RouteSettings::headers: a table of fields, or as a variable a JSON object. Which of them may be set is
/// judged by the rules of routes.
[[nodiscard]] Binding<RouteSettings> routeHeaders();

/// RouteSettings::models and names: a list (`name` or `name=the upstream's`), or a table of renames.
[[nodiscard]] Binding<RouteSettings> routeModels();

/// RoutingSettings::fallbacks: a list for every model, or a table of lists by model.
[[nodiscard]] Binding<Settings> modelFallbacks();

} // namespace gatehouse
