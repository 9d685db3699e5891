// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/ollama/embeddings.h"

#include "dialects/json/document.h"
#include "dialects/json/writer.h"
#include "dialects/openai/upstream_error.h"
#include "dialects/openai/vector_body.h"

namespace gatehouse::ollama {

namespace {

using json::Value;

ChatEvents failure(Error error)
{
    return ChatEvents{AnswerFailed{std::move(error)}};
}

} // namespace

Result<QByteArray> encodeEmbeddingsRequest(const EmbeddingInput &input, const OpaqueFields &extensions,
                                           QByteArrayView model)
{
    if (!input.tokens.isEmpty())
        return Error{.code = ErrorCode::InvalidRequest,
                     .message = QStringLiteral("This model's server takes texts only, no token numbers."),
                     .param = "input",
                     .reason = "unsupported_value"};
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject().key("model").string(model).key("input").beginArray();
    for (const QByteArray &text : input.texts)
        writer.string(text);
    writer.endArray();
    if (input.dimensions)
        writer.key("dimensions").integer(*input.dimensions);
    for (const OpaqueField &field : extensions)
        writer.key(field.name).raw(field.json);
    writer.endObject();
    return body;
}

ChatEvents decodeEmbeddings(QByteArrayView body, qsizetype inputs)
{
    json::Document document;
    if (document.parse(body, openai::vectorLimits) != json::Document::Status::Valid)
        return failure(openai::garbageError(QStringLiteral("the vectors are not JSON")));
    const Value root = document.root();
    const Value rows = root.find("embeddings");
    if (!rows.isArray())
        return failure(openai::findError(root).value_or(
            openai::garbageError(QStringLiteral("the answer holds no vectors"))));
    openai::VectorSet vectors(inputs);
    qint64 position = 0;
    for (const Value row : rows) {
        if (!vectors.add(position++, row))
            return failure(openai::garbageError(QStringLiteral("row %1 is no vector").arg(position - 1)));
    }
    if (!vectors.isComplete())
        return failure(
            openai::garbageError(QStringLiteral("%1 of %2 vectors came").arg(position).arg(inputs)));
    ChatEvents events{AnswerStarted{.model = root.find("model").string()}};
    vectors.moveTo(events);
    if (const Value tokens = root.find("prompt_eval_count"); tokens.isNumber())
        events.append(UsageReported{{.promptTokens = qMax<qint64>(0, tokens.integer().value_or(0))}});
    events.append(AnswerCompleted{});
    return events;
}

} // namespace gatehouse::ollama
