// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/cached_answer.h"

#include "api/call.h"
#include "api/lane_context.h"
#include "api/session_owner.h"
#include "dialects/openai/request_encoder.h"
#include "routing/route_table.h"

namespace gatehouse {

bool isCacheable(const Call &call, const LaneContext &context, const ChatRequest &request)
{
    const SettingsPtr settings = context.settings();
    if (!settings->cache.enabled || request.stream || !request.isConversation())
        return false;
    const Headers &headers = call.request().headers;
    const QByteArray wish = headers.value("x-cache").value_or(QByteArray()).toLower();
    const QByteArray control = headers.value("cache-control").value_or(QByteArray()).toLower();
    if (wish == "bypass" || control.contains("no-cache") || control.contains("no-store"))
        return false;
    // A route's own default may be anything, so only a temperature that was written down counts.
    const std::optional<double> written =
        request.sampling.temperature ? request.sampling.temperature : settings->model.temperature;
    return wish == "allow" || written == 0.0;
}

QByteArray cacheName(const Call &call, QByteArrayView spelling, const ChatRequest &request)
{
    const QByteArrayList parts{sessionOwner(call.caller(), call.record().client),
                               call.request().endpoint,
                               spelling.toByteArray(),
                               request.routeKey,
                               request.model,
                               openai::encodeRequest(request, request.model)};
    return parts.join('\0');
}

void replyCached(Call &call, const CachedAnswer &answer)
{
    // The key may have been bound to other models since.
    const auto &key = call.caller().key;
    if (key && !mayUse(key->models, answer.model))
        return call.fail(
            {.code = ErrorCode::Forbidden,
             .message = Call::tr("This key may not use the model '%1'.").arg(QString::fromUtf8(answer.model)),
             .param = "model",
             .reason = "model_not_allowed"});
    call.ticket().record().inference =
        InferenceRecord{.model = answer.model, .route = answer.route, .usage = {}, .fromCache = true};
    call.addFields({{"X-Cache", "HIT"}});
    call.replyJson(answer.body);
}

} // namespace gatehouse
