// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/model_rows.h"

#include "routing/route_table.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// A list of a route is seconds old; what this process knows of its own models is not.
void addStatus(ModelInfo &info, const QList<ModelInfo> &locals)
{
    const auto local = std::find_if(locals.begin(), locals.end(),
                                    [&info](const ModelInfo &model) { return model.id == info.id; });
    if (local == locals.end())
        return;
    info.status = local->status;
    info.progress = local->progress;
    if (local->contextLength > 0)
        info.contextLength = local->contextLength;
}

} // namespace

ModelListing visibleModels(const ModelListing &listing, const QList<ModelInfo> &locals,
                           const ModelAllowance &allowance)
{
    ModelListing seen{.models = {}, .unavailable = listing.unavailable, .defaultModel = {}};
    for (ModelListing::Model model : listing.models) {
        addStatus(model.info, locals);
        if (mayUse(allowance.key, model.info.id))
            seen.models.append(model);
    }
    for (const ModelInfo &local : locals) {
        const bool isAllowed = mayUse(allowance.server, local.id) && mayUse(allowance.key, local.id);
        if (isAllowed && findModel(seen, local.id) == nullptr)
            seen.models.append({.info = local, .sources = {}});
    }
    if (mayUse(allowance.key, listing.defaultModel))
        seen.defaultModel = listing.defaultModel;
    return seen;
}

const ModelInfo *findModel(const ModelListing &listing, QByteArrayView id)
{
    const auto found = std::find_if(listing.models.begin(), listing.models.end(),
                                    [id](const ModelListing::Model &model) { return model.info.id == id; });
    return found == listing.models.end() ? nullptr : &found->info;
}

} // namespace gatehouse
