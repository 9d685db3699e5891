// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/table/setting_spec.h"

#include "config/setting_source.h"

#include <QRegularExpression>

namespace gatehouse {

namespace {

const QString mask = QStringLiteral("********");

} // namespace

QString variableFor(const QString &key)
{
    QString name = key.toUpper();
    name.replace(QChar(u'.'), QChar(u'_'));
    return QStringLiteral("GATEHOUSE_") + name;
}

QString maskedUrl(const QString &url)
{
    // Whatever isn't exactly of this form may have its password anywhere.
    static const QRegularExpression address(
        QStringLiteral("\\A([a-z0-9+]+://)(?:([^:@/?]*):.*@|(.*@))?([a-z0-9._%-]*|\\[[0-9a-f:.]+\\])"
                       "(:[0-9]{1,5})?(/[^:@?]*)?(\\?[^@]*)?\\z"),
        QRegularExpression::CaseInsensitiveOption | QRegularExpression::DotMatchesEverythingOption);
    const auto match = address.match(url);
    if (!match.hasMatch())
        return mask;
    QString shown = match.captured(1);
    if (match.hasCaptured(2))
        shown += match.captured(2) + QChar(u':') + mask + QChar(u'@');
    else if (match.hasCaptured(3))
        shown += mask + QChar(u'@');
    shown += match.captured(4) + match.captured(5) + match.captured(6);
    if (!match.captured(7).isEmpty())
        shown += QChar(u'?') + mask;
    return tomlText(shown);
}

QString refusalText(SettingForm form, const QString &expected, const SettingValue &value)
{
    const QString written = tomlText(value);
    const bool mayHoldSecret =
        isSecret(form) ||
        (form == SettingForm::Url && (written.contains(QChar(u'@')) || written.contains(QChar(u'?'))));
    if (mayHoldSecret || written.isEmpty())
        return ConfigText::tr("expects %1").arg(expected);
    return ConfigText::tr("expects %1, not %2").arg(expected, displayName(written));
}

} // namespace gatehouse
