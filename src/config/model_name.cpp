// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/model_name.h"

#include <algorithm>

namespace gatehouse {

namespace {

QStringView canonical(QStringView name)
{
    constexpr QStringView latestTag = u":latest";
    return name.endsWith(latestTag) ? name.chopped(latestTag.size()) : name;
}

} // namespace

bool isSameModelName(QStringView a, QStringView b)
{
    return canonical(a) == canonical(b);
}

bool namesModel(const QStringList &names, QStringView model)
{
    return std::ranges::any_of(names, [model](const QString &name) { return isSameModelName(name, model); });
}

} // namespace gatehouse
