// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/config_commands.h"

#include "config/settings_example.h"

#include <QCoreApplication>

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

} // namespace

ExitCode runConfigCheck(const ConfigSources &sources, QTextStream &out)
{
    const LoadedSettings loaded = loadSettings(sources);
    printValues(loaded.values, out);
    if (!loaded.mistakes.isEmpty() || !loaded.warnings.isEmpty())
        out << '\n';
    printProblems(loaded, out);
    out << (loaded.settings ? ConfigCommandText::tr("The configuration is valid.")
                            : ConfigCommandText::tr("Mistakes: %1").arg(loaded.mistakes.size()))
        << '\n';
    return loaded.settings ? ExitSuccess : ExitUsage;
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
