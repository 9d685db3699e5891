// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "engine/llama/model.h"

#include <QList>

namespace gatehouse {

/// Reads a caller's own token numbers: a JSON array of whole numbers, or of such arrays. Whether a model has
/// such tokens is for others to tell; a number that no model could have reads as −1.
/// Errors: InvalidRequest with the parameter `input`.
[[nodiscard]] Result<QList<Tokens>> readTokenLists(QByteArrayView json);

} // namespace gatehouse
