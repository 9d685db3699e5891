// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/redis_target.h"

#include <QCoreApplication>
#include <QUrl>
#include <QUrlQuery>

namespace gatehouse {

namespace {

Error unreadable()
{
    return {.code = ErrorCode::InvalidRequest,
            .message = QCoreApplication::translate(
                "Limits",
                "The address of Redis must look like redis://user:password@host:port/0 or unix:///path.")};
}

/// The number in `text`; empty: 0; anything else: −1.
int databaseIn(const QString &text)
{
    bool isNumber = true;
    const int number = text.isEmpty() ? 0 : text.toInt(&isNumber);
    return isNumber && number >= 0 ? number : -1;
}

} // namespace

Result<RedisTarget> parseRedisUrl(const Secret &url)
{
    const QUrl parsed = QUrl::fromEncoded(url.reveal(), QUrl::StrictMode);
    const bool isUnix = parsed.scheme() == QLatin1String("unix");
    if (!parsed.isValid() || parsed.hasFragment() || (!isUnix && parsed.scheme() != QLatin1String("redis")))
        return unreadable();
    RedisTarget target{.host = parsed.host(),
                       .port = static_cast<quint16>(parsed.port(6379)),
                       .user = parsed.userName(QUrl::FullyDecoded).toUtf8(),
                       .password = Secret(parsed.password(QUrl::FullyDecoded).toUtf8())};
    QString database = parsed.path().mid(1);
    if (isUnix) {
        target.path = parsed.path(QUrl::FullyDecoded).toUtf8();
        database = QUrlQuery(parsed).queryItemValue(QStringLiteral("db"));
    }
    target.database = databaseIn(database);
    const bool hasPlace = isUnix ? target.path.size() > 1 && target.host.isEmpty() : !target.host.isEmpty();
    if (!hasPlace || target.database < 0 || target.port == 0 || (!isUnix && parsed.hasQuery()))
        return unreadable();
    return target;
}

} // namespace gatehouse
