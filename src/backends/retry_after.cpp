// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/retry_after.h"

#include <QLocale>

#include <algorithm>
#include <cmath>

namespace gatehouse {

std::optional<std::chrono::seconds> parseRetryAfter(QByteArrayView value, const QDateTime &now)
{
    constexpr qint64 longest = 24 * 3600;
    value = value.trimmed();
    bool isNumber = false;
    // Some servers tell fractions.
    const double number = value.toByteArray().toDouble(&isNumber);
    if (isNumber && std::isfinite(number))
        return std::chrono::seconds(static_cast<qint64>(std::ceil(std::clamp(number, 0.0, double(longest)))));
    QDateTime date = QLocale::c().toDateTime(QString::fromLatin1(value),
                                             QStringLiteral("ddd, dd MMM yyyy hh:mm:ss 'GMT'"));
    if (!date.isValid())
        return std::nullopt;
    date.setTimeSpec(Qt::UTC);
    return std::chrono::seconds(std::clamp<qint64>(now.secsTo(date), 0, longest));
}

} // namespace gatehouse
