// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings_example.h"

#include "config/table/setting_table.h"

namespace gatehouse {

namespace {

constexpr const char *preamble =
    R"(# Gatehouse's settings. Each line that is commented out shows the default.
# Copy this file to /etc/gatehouse/gatehouse.toml or ~/.config/gatehouse/gatehouse.toml, remove the # before
# what you change, and try it with: gatehouse config check
#
# secrets.toml beside this file has the same form and is read after it; keep keys there, readable by no one
# but the service. The variables named here win over both, in a .env file or, stronger, in the environment.
# The command line wins over everything.
)";

constexpr const char *routesPreamble =
    R"(
# Routes: the upstreams, and the models in this process. Each begins with [[routes]] and a key of its own. Without
# any, the built-in demo model answers. In variables: MODEL_ROUTE_<KEY> is a route's url, and
# GATEHOUSE_ROUTES_<KEY>_<FIELD> any field (GATEHOUSE_ROUTES_BOX_API_KEY). OLLAMA_BASE_URL, VLLM_BASE_URL and
# OPENROUTER_SECRET make the routes ollama, vllm and openrouter. All of this is reloaded while running.
#[[routes]]
#key = "box"
)";

constexpr const char *poolExample =
    R"(
# Two boxes that share the load, the second one twice as strong. Callers say "small", and should neither box
# answer, they are answered by OpenRouter:
#
#   [model.fallback]
#   "small" = ["openrouter:qwen/qwen3-8b"]
#
#   [[routes]]
#   key = "gpu1"
#   url = "http://192.0.2.11:8000/v1"
#   pool = "gpus"
#   models = { "small" = "Qwen/Qwen3-0.6B" }
#   max_concurrent = 8
#
#   [[routes]]
#   key = "gpu2"
#   kind = "ollama"
#   url = "http://192.0.2.12:11434"
#   pool = "gpus"
#   weight = 2
#   models = { "small" = "qwen3:0.6b" }
#   max_concurrent = 16
#
#   [[routes]]
#   key = "openrouter"
#   url = "https://openrouter.ai/api/v1"
#   headers = { "X-Title" = "Gatehouse" }
)";

QString commented(const char *text)
{
    return QStringLiteral("# ") + QString::fromLatin1(text).replace(QChar(u'\n'), QStringLiteral("\n# ")) +
           QChar(u'\n');
}

QString variablesLine(const SettingSpec<Settings> &spec)
{
    QStringList names{variableFor(spec.keyText())};
    for (const EnvironmentAlias &alias : spec.aliases)
        names.append(QString::fromLatin1(alias.name));
    QString line = QStringLiteral("# ") + names.join(QStringLiteral(", "));
    if (spec.reload == Reload::Live)
        line += QStringLiteral("; reloaded while running");
    return line + QChar(u'\n');
}

template <typename Object>
QString assignmentLine(const SettingSpec<Object> &spec, const QString &name)
{
    const QString literal =
        spec.example ? QString::fromLatin1(spec.example) : tomlText(spec.binding.read(Object()));
    return QStringLiteral("#%1 = %2\n").arg(name, literal);
}

} // namespace

QString exampleConfig()
{
    QString text = QString::fromLatin1(preamble);
    QString section;
    for (const auto &spec : settingTable()) {
        const QString ownSection = spec.keyText().section(QChar(u'.'), 0, -2);
        if (ownSection != section)
            text += QStringLiteral("\n[%1]\n").arg(ownSection);
        else
            text += QChar(u'\n');
        section = ownSection;
        text += commented(spec.documentation) + variablesLine(spec) +
                assignmentLine(spec, spec.keyText().section(QChar(u'.'), -1));
    }
    text += QString::fromLatin1(routesPreamble);
    for (const auto &spec : routeFieldTable())
        text += commented(spec.documentation) + assignmentLine(spec, spec.keyText());
    return text + QString::fromLatin1(poolExample);
}

} // namespace gatehouse
