// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/expiry.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QRegularExpression>

#include <optional>

namespace gatehouse {

namespace {

struct ExpiryText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::Expiry)
};

std::optional<WallTime> timeFromNow(const QString &text, WallTime now)
{
    static const QRegularExpression form(QStringLiteral("\\A(\\d{1,6})([dh])\\z"));
    const QRegularExpressionMatch match = form.match(text);
    if (!match.hasMatch())
        return {};
    const int count = match.captured(1).toInt();
    return match.captured(2) == QLatin1String("d") ? now + std::chrono::days(count)
                                                   : now + std::chrono::hours(count);
}

std::optional<WallTime> timeWritten(const QString &text)
{
    static const QRegularExpression form(
        QStringLiteral("\\A\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d(:\\d\\d)?(Z|[+-]\\d\\d:\\d\\d))?\\z"));
    if (!form.match(text).hasMatch())
        return {};
    const bool isDate = !text.contains(QChar(u'T'));
    const QDateTime time =
        QDateTime::fromString(isDate ? text + QStringLiteral("T00:00:00Z") : text, Qt::ISODate);
    return time.isValid() ? std::optional(WallTime(std::chrono::milliseconds(time.toMSecsSinceEpoch())))
                          : std::nullopt;
}

Error mistake(const QString &message)
{
    return {.code = ErrorCode::InvalidRequest, .message = message, .param = "expires"};
}

} // namespace

Result<WallTime> parseExpiry(const QString &text, WallTime now)
{
    const std::optional<WallTime> fromNow = timeFromNow(text, now);
    const std::optional<WallTime> time = fromNow ? fromNow : timeWritten(text);
    if (!time)
        return mistake(
            ExpiryText::tr("\"%1\" is no time to expire at: write 2027-01-31, 30d or 12h").arg(text));
    if (*time <= now)
        return mistake(ExpiryText::tr("\"%1\" is over already").arg(text));
    return *time;
}

} // namespace gatehouse
