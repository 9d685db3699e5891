// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/route_editor.h"
#include "config/settings_loader.h"

#include <QObject>

#include <functional>

namespace gatehouse {

/// Changes the file of managed routes and has the settings loaded again. Lives in the main thread, where all
/// changes are made one after the other; what RouteEditor has may be called from any.
class ManagedRouteEditor : public QObject, public RouteEditor
{
    Q_OBJECT
public:
    /// `sources` as they are read at each reload, with the file of managed routes. `reload` has the settings
    /// loaded again: when it returns, they count; false: they have mistakes, and the old ones still do.
    ManagedRouteEditor(ConfigSources sources, std::function<bool()> reload);

    void put(ManagedRoute route, QObject *context, Done done) override;
    void remove(QString key, QObject *context, Done done) override;

private:
    using Change = std::function<Result<void>(QList<ManagedRoute> &)>;
    void schedule(const QString &key, Change change, QObject *context, Done done);
    [[nodiscard]] Result<void> apply(const QString &key, const Change &change);
    [[nodiscard]] Result<void> takeOver(const QList<ManagedRoute> &routes);

    ConfigSources m_sources;
    std::function<bool()> m_reload;
};

} // namespace gatehouse
