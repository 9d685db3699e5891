// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/model_name.h"

#include <algorithm>

namespace gatehouse {

namespace {

template <typename View>
View without(View name, View ending)
{
    return name.endsWith(ending) ? name.chopped(ending.size()) : name;
}

} // namespace

QStringView canonicalModelName(QStringView name)
{
    return without<QStringView>(name, u":latest");
}

QByteArrayView canonicalModelName(QByteArrayView name)
{
    return without<QByteArrayView>(name, ":latest");
}

bool isSameModelName(QStringView a, QStringView b)
{
    return canonicalModelName(a) == canonicalModelName(b);
}

bool namesModel(const QStringList &names, QStringView model)
{
    return std::ranges::any_of(names, [model](const QString &name) { return isSameModelName(name, model); });
}

} // namespace gatehouse
