// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_backend.h"

namespace gatehouse {

/// Stands for a route that no backend could be made for: whatever it is asked fails with the reason.
class FailedBackend final : public ChatBackend
{
public:
    explicit FailedBackend(Error error);

    [[nodiscard]] ChatStreamPtr open(const ChatRequest &request) override;
    [[nodiscard]] QFuture<Result<QList<ModelInfo>>> models() override;

private:
    Error m_error;
};

} // namespace gatehouse
