// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/setting_source.h"

#include "config/config_text.h"

namespace gatehouse {

QString placeOf(const SettingSource &source)
{
    switch (source.origin) {
    case SettingOrigin::Default:
        return ConfigText::tr("default");
    case SettingOrigin::Implied:
        return ConfigText::tr("implied by %1").arg(source.name);
    case SettingOrigin::ManagedRoutes:
    case SettingOrigin::ConfigFile:
    case SettingOrigin::SecretsFile:
    case SettingOrigin::DotEnv:
        return source.line > 0 ? QStringLiteral("%1:%2").arg(source.file).arg(source.line) : source.file;
    case SettingOrigin::Environment:
        return ConfigText::tr("environment");
    case SettingOrigin::CommandLine:
        return ConfigText::tr("command line");
    }
    Q_UNREACHABLE();
}

QString describe(const SettingSource &source)
{
    const bool hasOwnName = source.origin >= SettingOrigin::DotEnv && !source.name.isEmpty();
    return hasOwnName ? QStringLiteral("%1 (%2)").arg(placeOf(source), source.name) : placeOf(source);
}

QString ConfigMessage::toString() const
{
    QString line;
    if (source.origin > SettingOrigin::Implied)
        line += placeOf(source) + QStringLiteral(": ");
    if (!source.name.isEmpty())
        line += displayName(source.name) + QStringLiteral(": ");
    return line + text;
}

QString displayName(const QString &name)
{
    constexpr qsizetype longest = 80;
    QString shown = name.first(qMin(name.size(), longest));
    for (QChar &c : shown) {
        if (!c.isPrint())
            c = QChar::ReplacementCharacter;
    }
    if (name.size() > longest)
        shown += QChar(u'…');
    return shown;
}

} // namespace gatehouse
