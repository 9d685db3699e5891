// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "metrics/metrics.h"
#include "routing/route_health.h"

#include <QByteArray>

namespace gatehouse {

/// What the health endpoints tell. A value.
struct HealthFacts
{
    QList<RouteHealth> routes;
    bool isDatabaseUp = true;
    std::chrono::seconds uptime{};
};

/// What only callers are told.
struct StatusFacts
{
    HealthFacts health;
    QByteArray readiness; ///< As /health/ready tells it.
    int modelsLoading = 0;
    QByteArray defaultModel; ///< Empty: none.
    qsizetype models = 0;    ///< That may be asked for.
    QByteArray databaseEngine;
    bool hasLedgerRoom = true;
    int cores = 0;
    int gpuLayers = 0; ///< As configured; −1: all that fit.
    Gauges gauges;
};

/// The bodies of GET /health, /health/status, and of /health/metrics and /api/metrics, in one line of JSON.
/// No address of an upstream and no `Error::detail` is in them.
[[nodiscard]] QByteArray encodeHealth(const HealthFacts &facts);
[[nodiscard]] QByteArray encodeStatus(const StatusFacts &facts);
[[nodiscard]] QByteArray encodeFigures(const MetricFigures &figures);

} // namespace gatehouse
