// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/snapshot.h"
#include "config/settings.h"
#include "routing/route_group.h"

#include <QObject>

namespace gatehouse {

/// The routes as they are just now. Immutable.
struct RouteSet
{
    SettingsPtr settings;
    QList<std::shared_ptr<RouteGroup>> groups; ///< One a route of `settings`; those of one pool share theirs.

    [[nodiscard]] RouteGroup *groupOf(const QByteArray &routeKey) const; ///< Null: there is no such route.
};
using RouteSetPtr = std::shared_ptr<const RouteSet>;

/// Whether requests to both go to the same place, so that how one is doing holds for the other.
[[nodiscard]] bool isSamePlace(const RouteSettings &a, const RouteSettings &b);
/// Whether both are asked for their models in the same way, so that what one lists holds for the other.
[[nodiscard]] bool listsTheSame(const RouteSettings &a, const RouteSettings &b);

/// The routes and what goes on at them, shared by all lanes. Routes that stay keep what is known of them.
class RouteDirectory : public QObject
{
    Q_OBJECT
public:
    /// The clock outlives the directory.
    RouteDirectory(SettingsPtr settings, const Clock &clock);

    [[nodiscard]] RouteSetPtr current() const { return m_current.get(); } ///< Any thread.

    /// Takes over the routes of new settings. In one thread at a time. Who waits only for routes that are
    /// gone or elsewhere now is refused; what runs goes on.
    void apply(SettingsPtr settings);

Q_SIGNALS:
    /// After apply(), in its thread.
    void changed();

private:
    [[nodiscard]] RouteSetPtr build(SettingsPtr settings, const RouteSet *before) const;

    const Clock &m_clock;
    Snapshot<RouteSet> m_current;
};

} // namespace gatehouse
