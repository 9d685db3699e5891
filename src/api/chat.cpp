// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/chat_answer.h"
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/lane_context.h"
#include "base/id.h"
#include "dialects/openai/request_decoder.h"

namespace gatehouse {

namespace {

using Decoder = Result<ChatRequest> (*)(QByteArrayView);

void serve(Call &call, LaneContext &context, Decoder decode, openai::AnswerKind kind)
{
    Result<ChatRequest> decoded = decode(call.request().body);
    if (!decoded)
        return call.fail(decoded.error());
    ChatRequest request = std::move(*decoded);
    if (request.routeKey.isEmpty())
        request.routeKey = call.request().headers.value("x-model-key").value_or(QByteArray());
    const auto created =
        std::chrono::duration_cast<std::chrono::seconds>(context.clock().wallNow().time_since_epoch());
    openai::AnswerEncoder encoder({.id = makeId(kind == openai::AnswerKind::Chat ? "chatcmpl-" : "cmpl-"),
                                   .created = qint64(created.count()),
                                   .model = {}, // What answers says its name.
                                   .kind = kind,
                                   .stream = request.stream,
                                   .includeUsage = request.includeUsage});
    auto *answer = new ChatAnswer(call, context, std::move(encoder));
    answer->start(std::move(request));
}

} // namespace

void addChatEndpoints(EndpointTable &table, LaneContext &context)
{
    table.add("POST", "/v1/chat/completions", Access::Caller, [&context](Call &call) {
        serve(call, context, &openai::decodeChatRequest, openai::AnswerKind::Chat);
    });
    table.add("POST", "/v1/completions", Access::Caller, [&context](Call &call) {
        serve(call, context, &openai::decodeCompletionRequest, openai::AnswerKind::Completion);
    });
}

} // namespace gatehouse
