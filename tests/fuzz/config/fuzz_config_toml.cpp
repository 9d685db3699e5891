// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as gatehouse.toml, as far as settings.
#include "../http/require.h"
#include "config/settings_builder.h"
#include "config/settings_change.h"
#include "config/settings_rules.h"
#include "config/sources/toml_source.h"

#include <algorithm>
#include <cstdint>

using namespace gatehouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArrayView text(data, static_cast<qsizetype>(size));
    const SettingSource file{.origin = SettingOrigin::ConfigFile, .file = QStringLiteral("/g.toml")};
    const SourceContent content = readToml(text, file);
    const int lines = 1 + static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    for (const Assignment &assignment : content.assignments)
        require(assignment.source.line >= 1 && assignment.source.line <= lines, "a line is in the file");

    SettingsDraft draft = buildDraft(content.assignments, QStringLiteral("/"));
    applyRules(draft, {.hasEngine = true, .defaultDataDir = QStringLiteral("/data")});
    const ServerSettings &server = draft.settings.server;
    require(server.maxConnections > 0 && server.maxBodyBytes > 0 && server.headTimeout.count() > 0,
            "every limit is one");
    require(draft.settings.dataDir.startsWith(QChar(u'/')), "the data folder is absolute");
    require(!draft.settings.routes.isEmpty(), "there is a route");
    for (const ConfigMessage &message : content.mistakes + content.warnings + draft.mistakes + draft.warnings)
        require(!message.toString().contains(QChar(u'\n')), "a message is one line");

    const SettingsChange change = changeBetween(draft.settings, draft.settings);
    require(change.live.isEmpty() && change.restart.isEmpty(), "settings equal themselves");
    return 0;
}
