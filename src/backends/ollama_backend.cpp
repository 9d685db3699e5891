// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/ollama_backend.h"

#include "backends/embeddings_reader.h"
#include "backends/failed_stream.h"
#include "backends/model_fetch.h"
#include "backends/ollama_reader.h"
#include "backends/route_request.h"
#include "backends/upstream_stream.h"
#include "base/id.h"
#include "dialects/ollama/embeddings.h"
#include "dialects/ollama/models_body.h"
#include "dialects/ollama/request_encoder.h"
#include "dialects/openai/vector_body.h"

namespace gatehouse {

namespace {

std::unique_ptr<AnswerReader> readerFor(const ChatRequest &request)
{
    if (const auto *input = std::get_if<EmbeddingInput>(&request.input))
        return std::make_unique<EmbeddingsReader>(&ollama::decodeEmbeddings, input->texts.size(),
                                                  openai::vectorLimits.bytes);
    return std::make_unique<OllamaReader>(makeId("call_"));
}

} // namespace

OllamaBackend::OllamaBackend(RouteSettings route, HttpClient &http)
    : m_route(std::move(route))
    , m_http(http)
{}

ChatStreamPtr OllamaBackend::open(const ChatRequest &request)
{
    Result<QByteArray> body = ollama::encodeRequest(request, request.model);
    if (!body)
        return ChatStreamPtr(new FailedStream(body.error()));
    UpstreamRequest upstream = requestTo(m_route, ollama::requestPath(request));
    addHeader(upstream, "Content-Type", "application/json");
    addHeader(upstream, "Accept", request.stream ? "application/x-ndjson" : "application/json");
    upstream.body = *std::move(body);
    upstream.streaming = request.stream;
    return ChatStreamPtr(new UpstreamStream(m_http.send(upstream), readerFor(request), m_drain));
}

QFuture<Result<QList<ModelInfo>>> OllamaBackend::models()
{
    return ModelFetch::start(m_http, requestTo(m_route, "api/tags"), &ollama::decodeModelList, &m_drain);
}

} // namespace gatehouse
