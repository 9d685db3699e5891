// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/backend_factory.h"

#include "backends/ollama_backend.h"
#include "backends/openai_backend.h"
#include "backends/plain_http_client.h"
#include "backends/qnam_http_client.h"

namespace gatehouse {

std::unique_ptr<HttpClient> makeHttpClient()
{
    return std::make_unique<PlainHttpClient>(std::make_unique<QnamHttpClient>());
}

Result<std::unique_ptr<ChatBackend>> makeBackend(const RouteSettings &route, HttpClient &http,
                                                 const LocalBackendMaker &makeLocal)
{
    using Made = Result<std::unique_ptr<ChatBackend>>;
    switch (route.kind) {
    case RouteKind::OpenAi:
        return Made(std::make_unique<OpenAiBackend>(route, http));
    case RouteKind::Ollama:
        return Made(std::make_unique<OllamaBackend>(route, http));
    case RouteKind::Local:
        break;
    }
    if (makeLocal)
        return makeLocal(route);
    return Error{.code = ErrorCode::NotImplemented,
                 .message = QStringLiteral("The route '%1' is a local model, and this program was built "
                                           "without the engine for it")
                                .arg(route.key)};
}

} // namespace gatehouse
