// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/http_client.h"
#include "backends/reply_drain.h"
#include "chat/chat_backend.h"

namespace gatehouse {

/// A route to an OpenAI-compatible server. Streams may outlive it.
class OpenAiBackend final : public ChatBackend
{
public:
    /// The client outlives the backend and its streams.
    OpenAiBackend(RouteSettings route, HttpClient &http);

    [[nodiscard]] ChatStreamPtr open(const ChatRequest &request) override;
    [[nodiscard]] QFuture<Result<QList<ModelInfo>>> models() override;

private:
    RouteSettings m_route;
    HttpClient &m_http;
    ReplyDrain m_drain; ///< Also the parent of questions for models under way.
};

} // namespace gatehouse
