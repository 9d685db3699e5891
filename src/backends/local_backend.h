// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_backend.h"

namespace gatehouse {

class Engine;

/// A model in this process as a backend. The engine is shared by all lanes.
class LocalBackend final : public ChatBackend
{
public:
    explicit LocalBackend(std::shared_ptr<Engine> engine)
        : m_engine(std::move(engine))
    {}

    [[nodiscard]] ChatStreamPtr open(const ChatRequest &request) override;

    /// The one model, also while it is not loaded, as a request loads it; the Error of one that could not be.
    [[nodiscard]] QFuture<Result<QList<ModelInfo>>> models() override;

private:
    std::shared_ptr<Engine> m_engine;
};

} // namespace gatehouse
