// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_backend.h"

namespace gatehouse {

class Engine;

/// A model in this process as a backend. The engine is shared by all lanes and must outlive the backend.
class LocalBackend final : public ChatBackend
{
public:
    explicit LocalBackend(Engine &engine)
        : m_engine(engine)
    {}

    [[nodiscard]] ChatStreamPtr open(const ChatRequest &request) override;

    /// The one model, also while it is not loaded, as a request loads it; the Error of one that could not be.
    [[nodiscard]] QFuture<Result<QList<ModelInfo>>> models() override;

private:
    Engine &m_engine;
};

} // namespace gatehouse
