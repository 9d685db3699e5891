// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"
#include "routing/catalogue.h"
#include "routing/route_directory.h"
#include "routing/route_health.h"

#include <QBasicTimer>
#include <QHash>
#include <QObject>

namespace gatehouse {

/// Tells the log when a route goes down and when it is back, looking once a second. Lives in the main thread.
class RouteWatch : public QObject
{
    Q_OBJECT
public:
    /// All outlive it.
    RouteWatch(const RouteDirectory &routes, const Catalogue &catalogue, Log &log);

    void start();
    void look();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    const RouteDirectory &m_routes;
    const Catalogue &m_catalogue;
    Log &m_log;
    QHash<QByteArray, RouteHealth::State> m_told; ///< By route key.
    QBasicTimer m_timer;
};

} // namespace gatehouse
