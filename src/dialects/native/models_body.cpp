// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/native/models_body.h"

#include "dialects/json/writer.h"
#include "dialects/openai/models_body.h"

namespace gatehouse::native {

namespace {

using json::Writer;

void writeSources(Writer &writer, const QList<ModelSource> &sources)
{
    writer.key("sources").beginArray();
    for (const ModelSource &source : sources) {
        writer.beginObject().key("source").string(source.source).key("latency_ms");
        if (source.latencyMs < 0)
            writer.null();
        else
            writer.integer(source.latencyMs);
        writer.endObject();
    }
    writer.endArray();
}

void writeNames(Writer &writer, QByteArrayView key, const QByteArrayList &names)
{
    writer.key(key).beginArray();
    for (const QByteArray &name : names)
        writer.string(name);
    writer.endArray();
}

} // namespace

QByteArray encodeModelList(const QList<ModelRow> &rows, const QByteArrayList &unavailable)
{
    QByteArray body;
    Writer writer(body);
    writer.beginObject().key("object").string("list").key("data").beginArray();
    for (const ModelRow &row : rows) {
        writer.beginObject();
        openai::writeModelMembers(writer, row.info);
        writeSources(writer, row.sources);
        writer.endObject();
    }
    writer.endArray().key("models").beginArray();
    for (const ModelRow &row : rows)
        writer.beginObject().key("name").string(row.info.id).key("model").string(row.info.id).endObject();
    writer.endArray();
    if (!unavailable.isEmpty())
        writeNames(writer, "unavailable", unavailable);
    writer.endObject();
    return body;
}

QByteArray encodeAvailableModels(const QByteArrayList &ids, const QByteArray &defaultId)
{
    QByteArray body;
    Writer writer(body);
    writer.beginObject();
    writeNames(writer, "models", ids);
    writer.key("default");
    if (defaultId.isEmpty())
        writer.null();
    else
        writer.string(defaultId);
    writer.endObject();
    return body;
}

} // namespace gatehouse::native
