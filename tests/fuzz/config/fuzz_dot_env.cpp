// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as a .env file, as far as settings.
#include "../http/require.h"
#include "config/settings_builder.h"
#include "config/settings_rules.h"
#include "config/sources/variables_source.h"

#include <algorithm>
#include <cstdint>

using namespace gatehouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArrayView text(data, static_cast<qsizetype>(size));
    const int lines = 1 + static_cast<int>(std::count_if(text.begin(), text.end(),
                                                         [](char c) { return c == '\n' || c == '\r'; }));
    const DotEnvFile file = parseDotEnv(text);
    for (const Variable &variable : file.variables) {
        require(!variable.name.isEmpty(), "a variable has a name");
        require(variable.line >= 1 && variable.line <= lines, "a variable's line is in the file");
    }
    for (const int line : file.badLines)
        require(line >= 1 && line <= lines, "a mistake's line is in the file");

    const SourceContent content =
        readVariables(file.variables, {.origin = SettingOrigin::DotEnv, .file = QStringLiteral("/.env")});
    SettingsDraft draft = buildDraft(content.assignments, QStringLiteral("/"));
    applyRules(draft, {.hasEngine = true, .defaultDataDir = QStringLiteral("/data")});
    require(draft.mistakes.size() > 0 || !draft.settings.routes.isEmpty(), "there is a route, or a mistake");
    for (const ConfigMessage &message : content.mistakes + content.warnings + draft.mistakes + draft.warnings)
        require(!message.toString().contains(QChar(u'\n')), "a message is one line");
    return 0;
}
