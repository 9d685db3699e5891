// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/local_backend.h"

#include "engine/engine.h"

#include <QFuture>

namespace gatehouse {

ChatStreamPtr LocalBackend::open(const ChatRequest &request)
{
    return m_engine->open(request);
}

QFuture<Result<QList<ModelInfo>>> LocalBackend::models()
{
    const EngineStatus status = m_engine->status();
    if (status.error)
        return QtFuture::makeReadyFuture(Result<QList<ModelInfo>>(*status.error));
    const ModelInfo model{
        .id = m_engine->name(), .ownedBy = "gatehouse", .contextLength = status.contextLength};
    return QtFuture::makeReadyFuture(Result<QList<ModelInfo>>(QList<ModelInfo>{model}));
}

} // namespace gatehouse
