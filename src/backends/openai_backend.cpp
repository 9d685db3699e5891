// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/openai_backend.h"

#include "backends/embeddings_reader.h"
#include "backends/model_fetch.h"
#include "backends/openai_reader.h"
#include "backends/route_request.h"
#include "backends/upstream_stream.h"
#include "base/id.h"
#include "dialects/openai/embeddings.h"
#include "dialects/openai/models_body.h"
#include "dialects/openai/request_encoder.h"

namespace gatehouse {

namespace {

std::unique_ptr<AnswerReader> readerFor(const ChatRequest &request)
{
    if (const auto *input = std::get_if<EmbeddingInput>(&request.input))
        return std::make_unique<EmbeddingsReader>(&openai::decodeEmbeddings, openai::vectorCount(*input),
                                                  openai::vectorLimits.bytes);
    return std::make_unique<OpenAiReader>(makeId("call_"), request);
}

} // namespace

OpenAiBackend::OpenAiBackend(RouteSettings route, HttpClient &http)
    : m_route(std::move(route))
    , m_http(http)
{}

ChatStreamPtr OpenAiBackend::open(const ChatRequest &request)
{
    UpstreamRequest upstream = requestTo(m_route, openai::requestPath(request));
    addHeader(upstream, "Content-Type", "application/json");
    addHeader(upstream, "Accept", request.stream ? "text/event-stream" : "application/json");
    upstream.body = openai::encodeRequest(request, request.model);
    upstream.streaming = request.stream;
    return ChatStreamPtr(new UpstreamStream(m_http.send(upstream), readerFor(request), m_drain));
}

QFuture<Result<QList<ModelInfo>>> OpenAiBackend::models()
{
    return ModelFetch::start(m_http, requestTo(m_route, "models"), &openai::decodeModelList, &m_drain);
}

} // namespace gatehouse
