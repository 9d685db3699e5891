// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/table/setting_spec.h"

#include "config/setting_source.h"

namespace gatehouse {

QString variableFor(const QString &key)
{
    QString name = key.toUpper();
    name.replace(QChar(u'.'), QChar(u'_'));
    return QStringLiteral("GATEHOUSE_") + name;
}

QString refusalText(SettingForm form, const QString &expected, const SettingValue &value)
{
    const QString written = tomlText(value);
    const bool mayHoldSecret =
        form == SettingForm::Secret ||
        (form == SettingForm::Url && (written.contains(QChar(u'@')) || written.contains(QChar(u'?'))));
    if (mayHoldSecret || written.isEmpty())
        return ConfigText::tr("expects %1").arg(expected);
    return ConfigText::tr("expects %1, not %2").arg(expected, displayName(written));
}

} // namespace gatehouse
