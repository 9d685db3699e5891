// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/route_place.h"

#include "config/table/setting_table.h"

namespace gatehouse {

SettingSource routePlace(const SettingsDraft &draft, const QString &route, const char *field)
{
    const QString wanted = routeFieldKey(route, QString::fromLatin1(field));
    if (draft.isWritten(wanted))
        return draft.sourceOf(wanted);
    QStringList others{QStringLiteral("key"), QStringLiteral("url")};
    for (const auto &spec : routeFieldTable())
        others.append(spec.keyText());
    for (const QString &other : std::as_const(others)) {
        const QString key = routeFieldKey(route, other);
        if (!draft.isWritten(key))
            continue;
        SettingSource place = draft.sourceOf(key);
        if (place.origin == SettingOrigin::ManagedRoutes)
            place.name = wanted;
        return place;
    }
    return draft.sourceOf(wanted);
}

} // namespace gatehouse
