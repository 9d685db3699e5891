// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/config_commands.h"

#include "admission/limits/redis_target.h"
#include "config/settings_example.h"
#include "store/database_target.h"

#include <QCoreApplication>

#include <algorithm>

namespace gatehouse {

namespace {

struct ConfigCommandText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::ConfigCommands)
};

void printValues(const QList<EffectiveValue> &values, QTextStream &out)
{
    constexpr int widest = 56; // Longer ones push their source aside, nothing else.
    for (const EffectiveValue &value : values) {
        const QString setting = QStringLiteral("%1 = %2").arg(value.key, value.text);
        out << setting.leftJustified(widest) << "  " << describe(value.source) << '\n';
    }
}

void addMistake(LoadedSettings &loaded, const QString &key, const Error &error)
{
    const auto written = std::find_if(loaded.values.begin(), loaded.values.end(),
                                      [&key](const EffectiveValue &value) { return value.key == key; });
    SettingSource source = written == loaded.values.end() ? SettingSource() : written->source;
    if (source.name.isEmpty())
        source.name = key;
    loaded.mistakes.append({source, error.message});
}

/// What only the rooms that use them can tell of a setting, and what would stop the start.
void checkAddresses(LoadedSettings &loaded)
{
    const Settings &settings = *loaded.settings;
    const auto database =
        parseDatabaseUrl(QString::fromUtf8(settings.database.url.reveal()), settings.dataDir);
    if (!database)
        addMistake(loaded, QStringLiteral("database.url"), database.error());
    if (const auto redis = parseRedisUrl(settings.redis.url); settings.redis.enabled && !redis)
        addMistake(loaded, QStringLiteral("redis.url"), redis.error());
}

} // namespace

LoadedSettings loadAndCheck(const ConfigSources &sources)
{
    LoadedSettings loaded = loadSettings(sources);
    if (loaded.settings)
        checkAddresses(loaded);
    return loaded;
}

ExitCode runConfigCheck(const ConfigSources &sources, QTextStream &out)
{
    const LoadedSettings loaded = loadAndCheck(sources);
    printValues(loaded.values, out);
    if (!loaded.mistakes.isEmpty() || !loaded.warnings.isEmpty())
        out << '\n';
    printProblems(loaded, out);
    const bool isValid = loaded.mistakes.isEmpty();
    out << (isValid ? ConfigCommandText::tr("The configuration is valid.")
                    : ConfigCommandText::tr("Mistakes: %1").arg(loaded.mistakes.size()))
        << '\n';
    return isValid ? ExitSuccess : ExitUsage;
}

ExitCode runConfigExample(QTextStream &out)
{
    out << exampleConfig();
    return ExitSuccess;
}

ExitCode runVersion(QTextStream &out)
{
    out << "gatehouse " << GATEHOUSE_VERSION << '\n';
    return ExitSuccess;
}

void printProblems(const LoadedSettings &loaded, QTextStream &out)
{
    for (const ConfigMessage &warning : loaded.warnings)
        out << ConfigCommandText::tr("warning: %1").arg(warning.toString()) << '\n';
    for (const ConfigMessage &mistake : loaded.mistakes)
        out << ConfigCommandText::tr("error: %1").arg(mistake.toString()) << '\n';
}

} // namespace gatehouse
