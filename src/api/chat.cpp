// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/chat_answer.h"
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/lane_context.h"
#include "base/id.h"
#include "dialects/openai/request_decoder.h"
#include "exchange/usage_estimate.h"

#include <QCoreApplication>

namespace gatehouse {

namespace {

using Decoder = Result<ChatRequest> (*)(QByteArrayView);

/// What is reserved for an answer whose caller names no bound: few are longer.
constexpr qint64 usualAnswerTokens = 1024;

void answer(Call &call, LaneContext &context, ChatRequest request, openai::AnswerKind kind)
{
    const auto created =
        std::chrono::duration_cast<std::chrono::seconds>(context.clock().wallNow().time_since_epoch());
    openai::AnswerEncoder encoder({.id = makeId(kind == openai::AnswerKind::Chat ? "chatcmpl-" : "cmpl-"),
                                   .created = qint64(created.count()),
                                   .model = {}, // What answers says its name.
                                   .kind = kind,
                                   .stream = request.stream,
                                   .includeUsage = request.includeUsage});
    auto *shown = new ChatAnswer(call, context, std::move(encoder));
    shown->start(std::move(request));
    shown->checkCaller(context.gate()->keys()); // It may have been revoked between the gates.
}

/// The gates that want to know how much is asked for.
void reserve(Call &call, LaneContext &context, ChatRequest request, openai::AnswerKind kind)
{
    const LimitSubject subject = context.limitSubject({}, call.caller());
    const qint64 promptTokens = UsageEstimate(request).usage().promptTokens;
    const auto *prompt = std::get_if<Prompt>(&request.input);
    const qint64 answers = request.choices * (prompt ? prompt->texts.size() : 1);
    const qint64 answerTokens = request.maxTokens.value_or(usualAnswerTokens) * answers;
    context.limiter().reserve(
        subject, promptTokens, answerTokens, &call,
        [&call, &context, kind, request = std::move(request)](Decision<Reserved> decision) mutable {
            if (const auto *refusal = std::get_if<Refusal>(&decision))
                return call.refuse(*refusal);
            auto &reserved = std::get<Reserved>(decision);
            call.setFigures(reserved.figures);
            call.ticket().hold(std::move(reserved.reservation));
            answer(call, context, std::move(request), kind);
        });
}

void serve(Call &call, LaneContext &context, Decoder decode, openai::AnswerKind kind)
{
    Result<ChatRequest> decoded = decode(call.request().body);
    if (!decoded)
        return call.fail(decoded.error());
    ChatRequest request = std::move(*decoded);
    if (request.routeKey.isEmpty())
        request.routeKey = call.request().headers.value("x-model-key").value_or(QByteArray());
    // Work that could not be accounted for is not begun.
    if (!context.store().hasRoom())
        return call.fail({.code = ErrorCode::Overloaded,
                          .message = QCoreApplication::translate("Chat", "The ledger can't be written to."),
                          .retryAfter = std::chrono::seconds(5)});
    reserve(call, context, std::move(request), kind);
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
