// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/models_body.h"

#include "dialects/json/document.h"
#include "dialects/json/writer.h"
#include "dialects/openai/upstream_error.h"

namespace gatehouse::openai {

namespace {

constexpr qsizetype maxModels = 10000;

void writeModel(json::Writer &writer, const ModelInfo &model)
{
    writer.beginObject();
    writeModelMembers(writer, model);
    writer.endObject();
}

/// Some servers tell fractions of a second.
qint64 secondsOf(const json::Value &created)
{
    constexpr double latest = 1e12;
    return static_cast<qint64>(qBound(0.0, created.number().value_or(0), latest));
}

qint64 contextLength(const json::Value &model)
{
    for (const char *name : {"max_model_len", "context_length", "context_window", "max_context_length"}) {
        if (const qint64 length = model.find(name).integer().value_or(0); length > 0)
            return length;
    }
    const json::Value meta = model.find("meta"); // What a request gets comes before what the model could do.
    const qint64 served = meta.find("n_ctx").integer().value_or(0);
    return qMax<qint64>(0, served > 0 ? served : meta.find("n_ctx_train").integer().value_or(0));
}

} // namespace

void writeModelMembers(json::Writer &writer, const ModelInfo &model)
{
    writer.key("id").string(model.id).key("object").string("model");
    writer.key("created").integer(model.created);
    writer.key("owned_by").string(model.ownedBy.isEmpty() ? QByteArrayView("unknown") : model.ownedBy);
    if (model.contextLength > 0)
        writer.key("context_length").integer(model.contextLength);
    if (!model.status.isEmpty())
        writer.key("status").string(model.status);
    if (model.progress)
        writer.key("progress").number(*model.progress);
}

QByteArray encodeModelList(const QList<ModelInfo> &models)
{
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject().key("object").string("list").key("data").beginArray();
    for (const ModelInfo &model : models)
        writeModel(writer, model);
    writer.endArray().endObject();
    return body;
}

QByteArray encodeModel(const ModelInfo &model)
{
    QByteArray body;
    json::Writer writer(body);
    writeModel(writer, model);
    return body;
}

Result<QList<ModelInfo>> decodeModelList(QByteArrayView body)
{
    json::Document document;
    if (document.parse(body) != json::Document::Status::Valid)
        return garbageError(QStringLiteral("the list of models is not JSON"));
    const json::Value root = document.root();
    const json::Value data = root.isArray() ? root : root.find("data"); // Together sends the bare array.
    if (!data.isArray())
        return garbageError(QStringLiteral("the list of models holds no data"));
    QList<ModelInfo> models;
    for (const json::Value model : data) {
        const QByteArray id = model.find("id").string();
        if (id.isEmpty() || models.size() == maxModels)
            continue;
        models.append({.id = id,
                       .created = secondsOf(model.find("created")),
                       .ownedBy = model.find("owned_by").string(),
                       .contextLength = contextLength(model)});
    }
    return models;
}

} // namespace gatehouse::openai
