// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_backend.h"

#include <QByteArrayList>
#include <QList>

namespace gatehouse::native {

/// A route that serves a model.
struct ModelSource
{
    QByteArray source;     ///< The route's key.
    qint64 latencyMs = -1; ///< How long its list took to come; below 0: unknown, told as null.
};

/// A model, however many routes serve it.
struct ModelRow
{
    ModelInfo info;
    QList<ModelSource> sources = {};
};

/// The answer of GET /api/models (contract §1): `data` as OpenAI's clients read it, with the sources of each
/// model, and `models` as Ollama's do. `unavailable` names the routes that are down, and is there if there
/// are any.
[[nodiscard]] QByteArray encodeModelList(const QList<ModelRow> &rows, const QByteArrayList &unavailable);

/// The answer of GET /chat/metadata/available_models (E): `{"models":[ids…],"default":id}`. An empty default
/// is told as null.
[[nodiscard]] QByteArray encodeAvailableModels(const QByteArrayList &ids, const QByteArray &defaultId);

} // namespace gatehouse::native
