// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/cached_answer.h"
#include "api/chat_answer.h"
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/lane_context.h"
#include "api/session_owner.h"
#include "base/id.h"
#include "dialects/native/answer_encoder.h"
#include "dialects/native/request_decoder.h"
#include "dialects/openai/answer_encoder.h"
#include "dialects/openai/embeddings.h"
#include "dialects/openai/request_decoder.h"

#include <QCoreApplication>

namespace gatehouse {

namespace {

/// A body as its dialect reads it, and how its answer is to be spelled.
struct Reading
{
    ChatRequest request;
    std::function<std::unique_ptr<AnswerEncoder>(Call &, LaneContext &, const ChatRequest &)> encoder;
    QByteArray sessionId = {};
    QByteArray spelling = {}; ///< Tells apart what one endpoint answers in different ways.
};
using Reader = Result<Reading> (*)(QByteArrayView body);

std::unique_ptr<AnswerEncoder> openAiEncoder(LaneContext &context, const ChatRequest &request,
                                             openai::AnswerKind kind)
{
    const auto created =
        std::chrono::duration_cast<std::chrono::seconds>(context.clock().wallNow().time_since_epoch());
    return std::make_unique<openai::AnswerEncoder>(
        openai::AnswerHead{.id = makeId(kind == openai::AnswerKind::Chat ? "chatcmpl-" : "cmpl-"),
                           .created = qint64(created.count()),
                           .model = {}, // What answers says its name.
                           .kind = kind,
                           .stream = request.stream,
                           .includeUsage = request.includeUsage});
}

std::unique_ptr<AnswerEncoder> openAiChat(Call &, LaneContext &context, const ChatRequest &request)
{
    return openAiEncoder(context, request, openai::AnswerKind::Chat);
}

std::unique_ptr<AnswerEncoder> openAiCompletion(Call &, LaneContext &context, const ChatRequest &request)
{
    return openAiEncoder(context, request, openai::AnswerKind::Completion);
}

std::unique_ptr<AnswerEncoder> nativeChat(Call &call, LaneContext &context, const ChatRequest &request)
{
    const auto latency = [&call, &context] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(context.clock().now() -
                                                                     call.record().start);
    };
    return std::make_unique<native::AnswerEncoder>(
        native::AnswerHead{.id = makeId("chat-"),
                           .framing = request.stream ? native::Framing::Events : native::Framing::Folded,
                           .latency = latency});
}

template <Result<ChatRequest> (*decode)(QByteArrayView), auto encoder>
Result<Reading> readOpenAi(QByteArrayView body)
{
    Result<ChatRequest> request = decode(body);
    if (!request)
        return request.error();
    return Reading{.request = std::move(*request), .encoder = encoder};
}

Result<Reading> readEmbeddings(QByteArrayView body)
{
    Result<openai::EmbeddingsBody> decoded = openai::decodeEmbeddingsRequest(body);
    if (!decoded)
        return decoded.error();
    const auto encoder = [format = decoded->format](Call &, LaneContext &, const ChatRequest &) {
        return std::make_unique<openai::EmbeddingsEncoder>(format);
    };
    return Reading{.request = std::move(decoded->request), .encoder = encoder};
}

/// Whoever sends one `message` (D) reads OpenAI's answers, whoever sends `messages` (A, C) their own.
Result<Reading> readChat(QByteArrayView body)
{
    Result<native::ChatBody> decoded = native::decodeChatBody(body);
    if (!decoded)
        return decoded.error();
    const bool isNative = decoded->form == native::ChatForm::Messages;
    if (isNative)
        decoded->request.choices = 1; // More could not be told.
    return Reading{.request = std::move(decoded->request),
                   .encoder = isNative ? &nativeChat : &openAiChat,
                   .sessionId = decoded->sessionId,
                   .spelling = isNative ? "native" : "openai"};
}

Result<Reading> readChatStream(QByteArrayView body)
{
    Result<native::ChatBody> decoded = native::decodeChatBody(body);
    if (!decoded)
        return decoded.error();
    decoded->request.stream = true;
    return Reading{
        .request = std::move(decoded->request), .encoder = &openAiChat, .sessionId = decoded->sessionId};
}

/// The session that a request names, in its header or its body.
Result<std::optional<SessionKey>> sessionOf(const Call &call, const Reading &reading)
{
    const QByteArray header = call.request().headers.value("x-session-id").value_or(QByteArray());
    const QByteArray id = header.isEmpty() ? reading.sessionId : header;
    if (id.isEmpty() || !reading.request.isConversation())
        return std::optional<SessionKey>();
    if (!isSessionId(id))
        return notASessionId(header.isEmpty() ? "session_id" : "X-Session-Id");
    if (!reading.sessionId.isEmpty() && reading.sessionId != id)
        return Error{.code = ErrorCode::InvalidRequest,
                     .message =
                         QCoreApplication::translate("Chat", "Header and body name different sessions."),
                     .param = "session_id",
                     .reason = "invalid_value"};
    return std::optional(SessionKey{.owner = sessionOwner(call.caller(), call.record().client), .id = id});
}

/// A question that waits for somebody else's answer; a child of its call, so that it goes with it.
class WaitingQuestion : public QObject
{
public:
    WaitingQuestion(Call &call, Question question, std::unique_ptr<AnswerEncoder> encoder)
        : QObject(&call)
        , m_question(std::move(question))
        , m_encoder(std::move(encoder))
    {}

    Question m_question;
    std::unique_ptr<AnswerEncoder> m_encoder;
};

void answer(Call &call, LaneContext &context, Question question, AnswerSpelling spelling)
{
    auto *shown = new ChatAnswer(call, context, std::move(spelling));
    shown->start(std::move(question));
}

/// The same question may have been answered before, or is just being answered.
void answerOnce(Call &call, LaneContext &context, const QByteArray &name, Question question,
                std::unique_ptr<AnswerEncoder> encoder)
{
    auto *asked = new WaitingQuestion(call, std::move(question), std::move(encoder));
    context.cache().find(name, &call, [&call, &context, asked](ResponseCache::Found found) {
        if (const auto *known = std::get_if<CachedAnswerPtr>(&found))
            return replyCached(call, **known);
        answer(call, context, std::move(asked->m_question),
               {.encoder = std::move(asked->m_encoder),
                .flight = std::move(std::get<std::unique_ptr<ResponseCache::Flight>>(found))});
    });
}

void serve(Call &call, LaneContext &context, Reader read)
{
    Result<Reading> reading = read(call.request().body);
    if (!reading)
        return call.fail(reading.error());
    ChatRequest &request = reading->request;
    if (request.routeKey.isEmpty())
        request.routeKey = call.request().headers.value("x-model-key").value_or(QByteArray());
    Result<std::optional<SessionKey>> session = sessionOf(call, *reading);
    if (!session)
        return call.fail(session.error());
    std::unique_ptr<AnswerEncoder> encoder = reading->encoder(call, context, request);
    // What belongs to a session depends on more than the request.
    const bool isKept = !*session && isCacheable(call, context, request);
    const QByteArray name = isKept ? cacheName(call, reading->spelling, request) : QByteArray();
    Question question{.request = std::move(request), .session = std::move(*session)};
    if (isKept)
        return answerOnce(call, context, name, std::move(question), std::move(encoder));
    answer(call, context, std::move(question), {.encoder = std::move(encoder)});
}

} // namespace

void addChatEndpoints(EndpointTable &table, LaneContext &context)
{
    const auto add = [&table, &context](const char *path, Reader read) {
        table.add("POST", path, Access::Caller, [&context, read](Call &call) { serve(call, context, read); });
    };
    add("/v1/chat/completions", &readOpenAi<&openai::decodeChatRequest, &openAiChat>);
    add("/v1/completions", &readOpenAi<&openai::decodeCompletionRequest, &openAiCompletion>);
    add("/v1/embeddings", &readEmbeddings);
    add("/api/chat", &readChat);
    add("/api/chat/stream", &readChatStream);
    add("/api/embeddings", &readEmbeddings);
}

} // namespace gatehouse
