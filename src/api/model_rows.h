// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "routing/model_listing.h"

#include <QStringList>

namespace gatehouse {

/// Allow lists that a model must pass; an empty one lets all through.
struct ModelAllowance
{
    QStringList server; ///< The operator's.
    QStringList key;    ///< The caller's key's.
};

/// A listing as one caller may see it. `locals` (LocalModelControl::models()) tell how far the models of this
/// process are, and add those that could not be loaded, which no route lists. A default that the caller may
/// not use gives way to none.
[[nodiscard]] ModelListing visibleModels(const ModelListing &listing, const QList<ModelInfo> &locals,
                                         const ModelAllowance &allowance);

/// Null: it has no such model. Lives as long as the listing.
[[nodiscard]] const ModelInfo *findModel(const ModelListing &listing, QByteArrayView id);

} // namespace gatehouse
