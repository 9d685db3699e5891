// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/route_variables.h"

#include "config/table/setting_table.h"

namespace gatehouse {

const std::vector<RouteVariable> &routeVariables()
{
    static const std::vector<RouteVariable> table = {
        {"OLLAMA_BASE_URL", "ollama", "url", "kind", "ollama"},
        {"VLLM_BASE_URL", "vllm", "url", "kind", "openai"},
        {"OPENROUTER_SECRET", "openrouter", "api_key", "url", "https://openrouter.ai/api/v1"},
    };
    return table;
}

std::optional<RouteFieldName> routeFieldOf(const QString &variable)
{
    const QString foreign = QStringLiteral("MODEL_ROUTE_");
    if (variable.startsWith(foreign) && variable.size() > foreign.size())
        return RouteFieldName{.route = variable.sliced(foreign.size()), .field = QStringLiteral("url")};

    const QString own = QStringLiteral("GATEHOUSE_ROUTES_");
    if (!variable.startsWith(own))
        return std::nullopt;
    const QString rest = variable.sliced(own.size());
    std::optional<RouteFieldName> found;
    for (const auto &spec : routeFieldTable()) {
        QString ending = QChar(u'_') + spec.keyText().toUpper();
        ending.replace(QChar(u'.'), QChar(u'_'));
        const bool isLonger = !found || spec.keyText().size() > found->field.size();
        if (rest.endsWith(ending) && rest.size() > ending.size() && isLonger)
            found = RouteFieldName{.route = rest.chopped(ending.size()), .field = spec.keyText()};
    }
    return found;
}

} // namespace gatehouse
