// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/route_watch.h"

#include <QTimerEvent>

namespace gatehouse {

RouteWatch::RouteWatch(const RouteDirectory &routes, const Catalogue &catalogue, Log &log)
    : m_routes(routes)
    , m_catalogue(catalogue)
    , m_log(log)
{}

void RouteWatch::start()
{
    m_timer.start(1000, Qt::VeryCoarseTimer, this);
}

void RouteWatch::look()
{
    using State = RouteHealth::State;
    QHash<QByteArray, State> states;
    for (const RouteHealth &route : routeHealth(*m_routes.current(), *m_catalogue.entries())) {
        const bool wasDown = m_told.value(route.key) == State::Unavailable;
        const bool isDown = route.state == State::Unavailable;
        // What was down is up when it is known to be, and not as soon as nobody knows.
        states.insert(route.key, wasDown && route.state == State::Unknown ? State::Unavailable : route.state);
        if (isDown && !wasDown)
            m_log.warning(
                "route down",
                {{"route", route.key},
                 {"pool", route.pool},
                 {"error", route.failure ? QByteArray(errorCodeName(route.failure->code)) : QByteArray()},
                 {"reason", route.failure ? route.failure->message.toUtf8() : QByteArray()},
                 {"detail", route.failure ? route.failure->detail.toUtf8() : QByteArray()}});
        else if (wasDown && route.state == State::Ok)
            m_log.info("route up", {{"route", route.key}, {"pool", route.pool}});
    }
    m_told = states;
}

void RouteWatch::timerEvent(QTimerEvent *event)
{
    event->timerId() == m_timer.timerId() ? look() : QObject::timerEvent(event);
}

} // namespace gatehouse
