// SPDX-License-Identifier: GPL-3.0-or-later
#include "routes_toml.h"

#include <QHash>
#include <QStringList>

namespace {

const QString fileName = QStringLiteral("gatehouse.toml");

} // namespace

QByteArray configured(const QList<RouteToml> &routes, const QByteArray &head)
{
    QByteArray toml = head + '\n';
    for (const RouteToml &route : routes)
        toml += "[[routes]]\nkey = \"" + route.key + "\"\nurl = \"" + route.url.toEncoded() +
                "\"\nmodels = " + route.models + '\n' + route.more + '\n';
    return toml;
}

QStringList configArguments()
{
    return {QStringLiteral("--config"), fileName};
}

QHash<QString, QByteArray> configFile(const QByteArray &toml)
{
    return {{fileName, toml}};
}
