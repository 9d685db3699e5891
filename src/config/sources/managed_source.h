// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/managed_routes.h"
#include "config/sources/assignment.h"

namespace gatehouse {

/// Managed routes as a source, as if they stood in `file`. Messages name the field: `routes.box.url`. Pure.
[[nodiscard]] SourceContent managedContent(const QList<ManagedRoute> &routes, const QString &file);

/// The routes that managed content makes, by their fields as written there. Pure.
[[nodiscard]] QList<ManagedRoute> managedRoutesOf(const SourceContent &content);

/// Managed content less the routes whose keys the operator has written down, with a warning for each. Pure.
[[nodiscard]] SourceContent withoutRoutesOf(const QList<Assignment> &operators, SourceContent managed);

} // namespace gatehouse
