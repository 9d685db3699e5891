// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/lane_context.h"
#include "dialects/openai/models_body.h"

#include <QCoreApplication>

#include <algorithm>

namespace gatehouse {

namespace {

/// A key may be made for some models only.
bool maySee(const Call &call, const ModelListing::Model &model)
{
    const auto &key = call.caller().key;
    return !key || mayUse(key->models, model.info.id);
}

void listModels(Call &call, LaneContext &context)
{
    context.models().list(&call, [&call](const ModelListing &listing) {
        QList<ModelInfo> infos;
        for (const ModelListing::Model &model : listing.models) {
            if (maySee(call, model))
                infos.append(model.info);
        }
        call.replyJson(openai::encodeModelList(infos));
    });
}

void describeModel(Call &call, LaneContext &context)
{
    context.models().list(&call, [&call](const ModelListing &listing) {
        const QByteArray id = call.request().pathParameters.value("id");
        const auto found =
            std::find_if(listing.models.begin(), listing.models.end(), [&](const ModelListing::Model &model) {
                return model.info.id == id && maySee(call, model);
            });
        if (found != listing.models.end())
            return call.replyJson(openai::encodeModel(found->info));
        const QString message = QCoreApplication::translate("Models", "The model '%1' does not exist.");
        call.fail({.code = ErrorCode::ModelNotFound,
                   .message = message.arg(QString::fromUtf8(id)),
                   .param = "model"});
    });
}

} // namespace

void addModelEndpoints(EndpointTable &table, LaneContext &context)
{
    table.add("GET", "/v1/models", Access::Caller, [&context](Call &call) { listModels(call, context); });
    // Model ids may hold slashes (`org/model`).
    table.add("GET", "/v1/models/{id...}", Access::Caller,
              [&context](Call &call) { describeModel(call, context); });
}

} // namespace gatehouse
