// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/embeddings.h"

#include "dialects/json/document.h"
#include "dialects/openai/field_reader.h"
#include "dialects/openai/upstream_error.h"
#include "dialects/openai/usage_body.h"

#include <algorithm>

namespace gatehouse::openai {

namespace {

using json::Kind;
using json::Value;
using json::Writer;

constexpr const char *inputShapes = "a string, an array of strings, or token numbers";

Error emptyInput(const QByteArray &param)
{
    return invalidField(param,
                        QStringLiteral("Invalid '%1': it must not be empty.").arg(QString::fromUtf8(param)),
                        "invalid_value");
}

Result<void> addText(const Value &text, const QByteArray &param, EmbeddingInput &input)
{
    if (!text.isString())
        return wrongType(param, "a string", text);
    input.texts.append(text.string());
    if (input.texts.last().isEmpty())
        return emptyInput(param);
    return {};
}

Result<void> checkToken(const Value &token, const QByteArray &param)
{
    std::optional<qint64> number;
    if (token.isNull())
        return wrongType(param, "an integer", token);
    return readInteger(token, param, {0, std::numeric_limits<qint32>::max()}, number);
}

Result<void> checkTokens(const Value &tokens, const QByteArray &param)
{
    if (!tokens.isArray())
        return wrongType(param, "an array of token numbers", tokens);
    if (tokens.isEmpty())
        return emptyInput(param);
    qsizetype index = 0;
    for (const Value token : tokens) {
        if (auto checked = checkToken(token, elementPath(param, index++)); !checked)
            return checked;
    }
    return {};
}

/// All elements must be of the first one's kind.
Result<void> readElements(const Value &list, const QByteArray &param, EmbeddingInput &input)
{
    const Kind kind = (*list.begin()).kind();
    if (kind == Kind::Number) {
        input.tokens = list.raw().toByteArray();
        return checkTokens(list, param);
    }
    qsizetype index = 0;
    for (const Value element : list) {
        if (index == maxEmbeddingInputs)
            return tooMany(param, maxEmbeddingInputs);
        const QByteArray path = elementPath(param, index++);
        auto read = kind == Kind::Array ? checkTokens(element, path) : addText(element, path, input);
        if (!read)
            return read;
    }
    if (kind == Kind::Array)
        input.tokens = list.raw().toByteArray();
    return {};
}

Result<void> readInput(const Value &value, const QByteArray &param, EmbeddingInput &input)
{
    if (value.isNull())
        return missingField(param);
    if (value.isString())
        return addText(value, param, input);
    if (!value.isArray())
        return wrongType(param, inputShapes, value);
    return value.isEmpty() ? emptyInput(param) : readElements(value, param, input);
}

Result<void> readFormat(const Value &value, const QByteArray &param, VectorFormat &format)
{
    QByteArray word;
    if (auto read = readString(value, param, word); !read)
        return read;
    if (!value.isNull() && word != "float" && word != "base64")
        return invalidField(param,
                            QStringLiteral("Invalid 'encoding_format': it must be 'float' or 'base64'."),
                            "invalid_value");
    format = word == "base64" ? VectorFormat::Base64 : VectorFormat::Float;
    return {};
}

Result<void> readDimensions(const Value &value, const QByteArray &param, EmbeddingInput &input)
{
    std::optional<qint64> dimensions;
    auto read = readInteger(value, param, {1, maxVectorValues}, dimensions);
    input.dimensions = dimensions ? std::optional(static_cast<int>(*dimensions)) : std::nullopt;
    return read;
}

Result<void> readMember(const Member &member, EmbeddingsBody &body)
{
    const auto &[name, value, param] = member;
    EmbeddingInput &input = std::get<EmbeddingInput>(body.request.input);
    if (name == "input")
        return readInput(value, param, input);
    if (name == "model")
        return readName(value, param, body.request.model);
    if (name == "modelKey")
        return readName(value, param, body.request.routeKey);
    if (name == "encoding_format") {
        auto read = readFormat(value, param, body.format);
        input.wantsBytes = body.format == VectorFormat::Base64;
        return read;
    }
    if (name == "dimensions")
        return readDimensions(value, param, input);
    body.request.extensions.append(opaqueField(name, value));
    return {};
}

void writeInput(Writer &writer, const EmbeddingInput &input)
{
    writer.key("input");
    if (!input.tokens.isEmpty()) {
        writer.raw(input.tokens);
        return;
    }
    writer.beginArray();
    for (const QByteArray &text : input.texts)
        writer.string(text);
    writer.endArray();
}

ChatEvents failure(Error error)
{
    return ChatEvents{AnswerFailed{std::move(error)}};
}

} // namespace

Result<EmbeddingsBody> decodeEmbeddingsRequest(QByteArrayView body)
{
    json::Document document;
    const Result<Value> root = parseObject(document, body);
    if (!root)
        return root.error();
    const Result<Members> members = uniqueMembers(*root, {});
    if (!members)
        return members.error();
    EmbeddingsBody decoded;
    decoded.request.input = EmbeddingInput{};
    for (const Member &member : *members) {
        if (auto read = readMember(member, decoded); !read)
            return std::move(read).error();
    }
    if (vectorCount(std::get<EmbeddingInput>(decoded.request.input)) == 0)
        return missingField("input");
    return decoded;
}

qsizetype vectorCount(const EmbeddingInput &input)
{
    json::Document document;
    if (input.tokens.isEmpty() || document.parse(input.tokens) != json::Document::Status::Valid)
        return input.texts.size();
    const Value tokens = document.root();
    return !tokens.isEmpty() && (*tokens.begin()).isArray() ? tokens.size() : 1;
}

QByteArray encodeEmbeddingsRequest(const ChatRequest &request, QByteArrayView model)
{
    const auto &input = std::get<EmbeddingInput>(request.input);
    QByteArray body;
    Writer writer(body);
    writer.beginObject().key("model").string(model);
    writeInput(writer, input);
    writer.key("encoding_format").string(input.wantsBytes ? "base64" : "float");
    if (input.dimensions)
        writer.key("dimensions").integer(*input.dimensions);
    for (const OpaqueField &field : request.extensions)
        writer.key(field.name).raw(field.json);
    writer.endObject();
    return body;
}

ChatEvents decodeEmbeddings(QByteArrayView body, qsizetype inputs)
{
    json::Document document;
    if (document.parse(body, vectorLimits) != json::Document::Status::Valid)
        return failure(garbageError(QStringLiteral("the vectors are not JSON")));
    const Value root = document.root();
    const Value data = root.find("data");
    if (!data.isArray())
        return failure(findError(root).value_or(garbageError(QStringLiteral("the answer holds no vectors"))));
    VectorSet vectors(inputs);
    qsizetype position = 0;
    for (const Value row : data) {
        const Value index = row.find("index"); // Missing from some servers' answers to a single text.
        if (!vectors.add(index.isNull() ? position : index.integer().value_or(-1), row.find("embedding")))
            return failure(garbageError(
                QStringLiteral("row %1 is no vector that was missing, or one too many").arg(position)));
        ++position;
    }
    if (!vectors.isComplete())
        return failure(garbageError(QStringLiteral("%1 of %2 vectors came").arg(position).arg(inputs)));
    ChatEvents events{AnswerStarted{.model = root.find("model").string()}};
    vectors.moveTo(events);
    if (const std::optional<Usage> usage = decodeUsage(root.find("usage")))
        events.append(UsageReported{*usage});
    events.append(AnswerCompleted{});
    return events;
}

QByteArray EmbeddingsEncoder::encode(const ChatEvent &event)
{
    if (const auto *started = std::get_if<AnswerStarted>(&event))
        m_model = started->model;
    else if (const auto *computed = std::get_if<EmbeddingComputed>(&event))
        m_vectors.append(*computed);
    else if (const auto *reported = std::get_if<UsageReported>(&event))
        m_usage = reported->usage;
    return std::holds_alternative<AnswerCompleted>(event) ? body() : QByteArray();
}

QByteArray EmbeddingsEncoder::body()
{
    std::ranges::stable_sort(m_vectors, {}, &EmbeddingComputed::index);
    QByteArray body;
    Writer writer(body);
    writer.beginObject().key("object").string("list").key("data").beginArray();
    for (const EmbeddingComputed &vector : m_vectors) {
        writer.beginObject().key("object").string("embedding").key("index").integer(vector.index);
        writer.key("embedding");
        writeVector(writer, vector.values, m_format);
        writer.endObject();
    }
    writer.endArray().key("model").string(m_model).key("usage").beginObject();
    writer.key("prompt_tokens").integer(m_usage.promptTokens);
    writer.key("total_tokens").integer(m_usage.totalTokens()).endObject().endObject();
    return body;
}

} // namespace gatehouse::openai
