// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/access_name.h"

#include <QCoreApplication>

#include <algorithm>

namespace gatehouse {

namespace {

bool isPrintable(const QString &text)
{
    const QList<uint> characters = text.toUcs4();
    return std::all_of(characters.begin(), characters.end(), [](uint c) {
        const QChar::Category category = QChar::category(c);
        return QChar::isPrint(c) && category != QChar::Other_Format && category != QChar::Separator_Line &&
               category != QChar::Separator_Paragraph;
    });
}

} // namespace

Result<QString> checkAccessName(const QString &name, const QByteArray &param)
{
    constexpr qsizetype mostCharacters = 100;
    const QString kept = name.trimmed();
    if (!kept.isEmpty() && kept.size() <= mostCharacters && kept.isValidUtf16() && isPrintable(kept))
        return kept;
    return Error{.code = ErrorCode::InvalidRequest,
                 .message = QCoreApplication::translate("gatehouse::AccessName",
                                                        "A name needs 1 to %1 printable characters.")
                                .arg(mostCharacters),
                 .param = param};
}

} // namespace gatehouse
