// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/lane_context.h"
#include "api/model_rows.h"
#include "dialects/json/writer.h"
#include "routing/route_table.h"

#include <QCoreApplication>

namespace gatehouse {

namespace {

using Order = std::optional<LocalModelControl::Outcome> (LocalModelControl::*)(const QByteArray &id);

constexpr QByteArrayView loadSuffix = "/load";
constexpr QByteArrayView unloadSuffix = "/unload";

QString text(const char *source)
{
    return QCoreApplication::translate("Models", source);
}

/// Why there is nothing to load: the model runs elsewhere, or nowhere.
void failToFind(Call &call, LaneContext &context, const QByteArray &id)
{
    context.models().list(&call, [&call, id](const ModelListing &listing) {
        const auto &key = call.caller().key;
        const ModelListing seen = visibleModels(listing, {}, {{}, key ? key->models : QStringList()});
        const bool isRemote = findModel(seen, id) != nullptr;
        const QString message = isRemote ? text("The model '%1' does not run in this server.")
                                         : text("The model '%1' does not exist.");
        call.fail({.code = isRemote ? ErrorCode::RouteConflict : ErrorCode::ModelNotFound,
                   .message = message.arg(QString::fromUtf8(id)),
                   .param = "model"});
    });
}

void obey(Call &call, LaneContext &context, const QByteArray &id, Order order)
{
    const auto &key = call.caller().key;
    const bool maySee = !key || mayUse(key->models, id);
    const auto outcome = maySee ? (context.localModels().*order)(id) : std::nullopt;
    if (!outcome)
        return failToFind(call, context, id);
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject().key("id").string(id).key("object").string("model");
    writer.key("status").string(outcome->status).endObject();
    call.replyJson(body, outcome->hasChanged ? 202 : 200);
}

/// POST /v1/models/{id}/load and /unload. Ids may hold slashes, so the command is what comes last.
void command(Call &call, LaneContext &context)
{
    const QByteArray path = call.request().pathParameters.value("id");
    for (const auto &[suffix, order] : {std::pair{loadSuffix, Order(&LocalModelControl::load)},
                                        std::pair{unloadSuffix, Order(&LocalModelControl::unload)}}) {
        if (path.size() > suffix.size() && path.endsWith(suffix))
            return obey(call, context, path.chopped(suffix.size()), order);
    }
    call.fail({.code = ErrorCode::MethodNotAllowed,
               .message = text("A model can only be read, loaded and unloaded."),
               .detail = QStringLiteral("GET, HEAD, OPTIONS")});
}

} // namespace

void addModelCommands(EndpointTable &table, LaneContext &context)
{
    table.add("POST", "/v1/models/{id...}", Access::Admin,
              [&context](Call &call) { command(call, context); });
}

} // namespace gatehouse
