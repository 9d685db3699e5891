// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/chat_backend.h"

#include <QList>

namespace gatehouse::ollama {

/// Reads GET /api/tags (docs/api.md, "List Local Models"). It does not tell the length of a model's context.
/// \returns the models, or UpstreamFailed if the body is no such list.
[[nodiscard]] Result<QList<ModelInfo>> decodeModelList(QByteArrayView body);

} // namespace gatehouse::ollama
