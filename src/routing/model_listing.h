// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_backend.h"

#include <chrono>

namespace gatehouse {

/// Everything that may be asked for just now, merged over all routes.
struct ModelListing
{
    /// A route that serves a model.
    struct Source
    {
        QByteArray routeKey;
        std::chrono::milliseconds latency{}; ///< How long it took to list its models; 0: it was not asked.
        friend bool operator==(const Source &, const Source &) = default;
    };
    /// One row a name, whoever serves it; the details are the first source's.
    struct Model
    {
        ModelInfo info;
        QList<Source> sources;
        friend bool operator==(const Model &, const Model &) = default;
    };

    QList<Model> models;           ///< In the order of the routes, then as each route lists them.
    QList<QByteArray> unavailable; ///< Keys of routes that could not be asked.
    QByteArray defaultModel;       ///< What answers a request that names no model; empty: nothing would.
};

} // namespace gatehouse
