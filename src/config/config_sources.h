// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/managed_routes.h"

#include <QProcessEnvironment>
#include <QString>

#include <optional>

namespace gatehouse {

/// Whether this build can run models in the process.
[[nodiscard]] bool isEngineBuiltIn();

/// What the command line says about settings; texts as typed.
struct CommandLineSettings
{
    std::optional<QString> configFile = {};
    std::optional<QString> envFile = {};
    std::optional<QString> dataDir = {};
    std::optional<QString> host = {};
    std::optional<QString> port = {};
    bool lan = false; ///< Listen on all interfaces, for callers that have a key.
};

/// Everything that settings are made from. Nothing else is asked, neither getenv() nor the working folder.
struct ConfigSources
{
    CommandLineSettings commandLine = {};
    QProcessEnvironment environment = {};
    QString workingDirectory; ///< Absolute; where `.env` is looked for.
    QString systemConfigDirectory = QStringLiteral("/etc/gatehouse");
    bool hasEngine = isEngineBuiltIn();
    /// In the place of what the file of managed routes holds: to have routes judged before they are written.
    std::optional<QList<ManagedRoute>> managedRoutes = {};
};

} // namespace gatehouse
