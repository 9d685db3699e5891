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
    /// Empty: the one in the data directory. A service that runs keeps to the one that it began with, as it
    /// keeps to its data directory.
    QString managedRoutesFile = {};
    /// In the place of what the file of managed routes holds: to have routes judged before they are written.
    std::optional<QList<ManagedRoute>> managedRoutes = {};
    /// The key of the managed route that is to be judged: that it doesn't go together with the others is a
    /// mistake then. One that isn't judged is left out where it doesn't, with a warning.
    QString judgedRoute = {};
};

} // namespace gatehouse
