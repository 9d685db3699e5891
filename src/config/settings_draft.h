// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/setting_source.h"
#include "config/settings.h"

#include <QHash>
#include <QList>
#include <QSet>

namespace gatehouse {

/// Settings in the making.
struct SettingsDraft
{
    Settings settings = {};
    QHash<QString, SettingSource> sources = {}; ///< Of every key that was written down, or follows from one.
    QSet<QString> refused = {}; ///< Keys that were written down in a way that is a mistake already.
    QList<ConfigMessage> mistakes = {};
    QList<ConfigMessage> warnings = {};

    [[nodiscard]] bool isWritten(const QString &key) const { return sources.contains(key); }

    /// Where `key` comes from; by default the key itself, so that a message can name it.
    [[nodiscard]] SettingSource sourceOf(const QString &key) const
    {
        return sources.value(key, SettingSource{.name = key});
    }
    void mistake(const QString &key, const QString &text) { mistakes.append({sourceOf(key), text}); }
    void warning(const QString &key, const QString &text) { warnings.append({sourceOf(key), text}); }
};

/// The full key of a route's field.
[[nodiscard]] inline QString routeFieldKey(const QString &route, const QString &field)
{
    return QStringLiteral("routes.%1.%2").arg(route, field);
}

} // namespace gatehouse
