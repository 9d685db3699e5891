// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QUrl>

/// A `[[routes]]` of a configuration, in order. Serves the model `m` unless told otherwise.
struct RouteToml
{
    QByteArray key;
    QUrl url;
    QByteArray more = {}; ///< Further lines: `pool = "p"\nweight = 2`.
    QByteArray models = R"(["m"])";
};

/// A configuration file: `head` (tables before the routes), then the routes.
[[nodiscard]] QByteArray configured(const QList<RouteToml> &routes, const QByteArray &head = {});

/// The program's arguments and its file: `GatehouseProcess gatehouse({}, configArguments(), configFile(…));`
[[nodiscard]] QStringList configArguments();
[[nodiscard]] QHash<QString, QByteArray> configFile(const QByteArray &toml);
