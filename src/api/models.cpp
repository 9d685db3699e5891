// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/lane_context.h"
#include "api/model_rows.h"
#include "dialects/native/models_body.h"
#include "dialects/openai/models_body.h"

#include <QCoreApplication>

#include <algorithm>

namespace gatehouse {

namespace {

using Seen = std::function<void(const ModelListing &)>;

/// Goes on with what the caller may see of what there is.
void whenListed(Call &call, LaneContext &context, const Seen &done)
{
    context.models().list(&call, [&call, &context, done](const ModelListing &listing) {
        const auto &key = call.caller().key;
        done(visibleModels(listing, context.localModels().models(),
                           {context.settings()->model.allowedModels, key ? key->models : QStringList()}));
    });
}

Error notFound(const QByteArray &id)
{
    const QString message = QCoreApplication::translate("Models", "The model '%1' does not exist.");
    return {
        .code = ErrorCode::ModelNotFound, .message = message.arg(QString::fromUtf8(id)), .param = "model"};
}

void listModels(Call &call, LaneContext &context)
{
    whenListed(call, context, [&call](const ModelListing &listing) {
        QList<ModelInfo> infos;
        for (const ModelListing::Model &model : listing.models)
            infos.append(model.info);
        call.replyJson(openai::encodeModelList(infos));
    });
}

void describeModel(Call &call, LaneContext &context)
{
    whenListed(call, context, [&call](const ModelListing &listing) {
        const QByteArray id = call.request().pathParameters.value("id");
        const ModelInfo *model = findModel(listing, id);
        model ? call.replyJson(openai::encodeModel(*model)) : call.fail(notFound(id));
    });
}

/// As A, C and D have it: where each model comes from, and which routes are down.
void listSources(Call &call, LaneContext &context)
{
    whenListed(call, context, [&call](const ModelListing &listing) {
        QList<native::ModelRow> rows;
        for (const ModelListing::Model &model : listing.models) {
            native::ModelRow row{.info = model.info};
            for (const ModelListing::Source &source : model.sources)
                row.sources.append({.source = source.routeKey, .latencyMs = qint64(source.latency.count())});
            rows.append(row);
        }
        call.replyJson(native::encodeModelList(rows, listing.unavailable));
    });
}

/// As E has it.
void listNames(Call &call, LaneContext &context)
{
    whenListed(call, context, [&call](const ModelListing &listing) {
        QByteArrayList names;
        for (const ModelListing::Model &model : listing.models)
            names.append(model.info.id);
        call.replyJson(native::encodeAvailableModels(names, listing.defaultModel));
    });
}

} // namespace

void addModelEndpoints(EndpointTable &table, LaneContext &context)
{
    using Serve = void (*)(Call &, LaneContext &);
    const auto add = [&](const char *pattern, Serve serve) {
        table.add("GET", pattern, Access::Caller, [serve, &context](Call &call) { serve(call, context); });
    };
    add("/v1/models", &listModels);
    add("/v1/models/{id...}", &describeModel); // Ids may hold slashes (`org/model`).
    add("/api/models", &listSources);
    add("/chat/metadata/available_models", &listNames);
    addModelCommands(table, context);
}

} // namespace gatehouse
