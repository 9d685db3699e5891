// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/access_tables.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace gatehouse {

namespace {

struct TableText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::AccessTables)
};

QString iso(WallTime time)
{
    return QDateTime::fromMSecsSinceEpoch(time.time_since_epoch().count(), Qt::UTC).toString(Qt::ISODate);
}

QString isoOrDash(const std::optional<WallTime> &time)
{
    return time ? iso(*time) : QStringLiteral("-");
}

QString role(CallerRole role)
{
    return QString::fromLatin1(roleName(role));
}

/// The limits by the names that the options and the API have for them.
QList<QPair<QString, std::optional<qint64>>> namedLimits(const KeyLimits &limits)
{
    return {{QStringLiteral("rate_limit"), limits.requestsPerHour},
            {QStringLiteral("rpm"), limits.requestsPerMinute},
            {QStringLiteral("tpm"), limits.tokensPerMinute},
            {QStringLiteral("max_concurrent"), limits.maxConcurrent},
            {QStringLiteral("monthly_tokens"), limits.monthlyTokens}};
}

QString limitsOrDash(const KeyLimits &limits)
{
    QStringList set;
    for (const auto &[name, value] : namedLimits(limits)) {
        if (value)
            set.append(QStringLiteral("%1=%2").arg(name).arg(*value));
    }
    return set.isEmpty() ? QStringLiteral("-") : set.join(QChar(u' '));
}

QString state(const KeyRecord &key, WallTime now)
{
    if (!key.isActive)
        return TableText::tr("revoked");
    return key.expiresAt && *key.expiresAt <= now ? TableText::tr("expired") : TableText::tr("active");
}

QString aligned(const QList<QStringList> &rows)
{
    QList<qsizetype> widths(rows.first().size(), 0);
    for (const QStringList &row : rows) {
        for (qsizetype i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths.at(i), row.at(i).size());
    }
    QString text;
    for (const QStringList &row : rows) {
        QString line;
        for (qsizetype i = 0; i + 1 < row.size(); ++i)
            line += row.at(i).leftJustified(widths.at(i) + 2);
        text += line + row.last() + QChar(u'\n');
    }
    return text;
}

QJsonValue jsonTime(const std::optional<WallTime> &time)
{
    return time ? QJsonValue(iso(*time)) : QJsonValue(QJsonValue::Null);
}

QJsonObject jsonKey(const KeyRecord &key)
{
    QJsonObject object{{QStringLiteral("id"), QString::fromLatin1(key.id)},
                       {QStringLiteral("name"), key.name},
                       {QStringLiteral("role"), role(key.role)},
                       {QStringLiteral("is_active"), key.isActive},
                       {QStringLiteral("models"), QJsonArray::fromStringList(key.models)},
                       {QStringLiteral("expires_at"), jsonTime(key.expiresAt)},
                       {QStringLiteral("created_at"), iso(key.createdAt)},
                       {QStringLiteral("last_used_at"), jsonTime(key.lastUsedAt)}};
    for (const auto &[name, value] : namedLimits(key.limits))
        object.insert(name, value ? QJsonValue(*value) : QJsonValue(QJsonValue::Null));
    return object;
}

} // namespace

QString keyTable(const QList<KeyRecord> &keys, WallTime now)
{
    QList<QStringList> rows{{TableText::tr("ID"), TableText::tr("NAME"), TableText::tr("ROLE"),
                             TableText::tr("STATE"), TableText::tr("EXPIRES"), TableText::tr("LAST USED"),
                             TableText::tr("LIMITS"), TableText::tr("MODELS")}};
    for (const KeyRecord &key : keys)
        rows.append({QString::fromLatin1(key.id), key.name, role(key.role), state(key, now),
                     isoOrDash(key.expiresAt), isoOrDash(key.lastUsedAt), limitsOrDash(key.limits),
                     key.models.isEmpty() ? QStringLiteral("-") : key.models.join(QChar(u','))});
    return aligned(rows);
}

QString userTable(const QList<UserRecord> &users)
{
    QList<QStringList> rows{{TableText::tr("ID"), TableText::tr("NAME"), TableText::tr("ROLE"),
                             TableText::tr("STATE"), TableText::tr("LAST USED")}};
    for (const UserRecord &user : users)
        rows.append({QString::fromLatin1(user.id), user.name, role(user.role),
                     user.isActive ? TableText::tr("active") : TableText::tr("blocked"),
                     isoOrDash(user.lastUsedAt)});
    return aligned(rows);
}

QString keysAsJson(const QList<KeyRecord> &keys)
{
    QJsonArray array;
    for (const KeyRecord &key : keys)
        array.append(jsonKey(key));
    return QString::fromUtf8(QJsonDocument(array).toJson(QJsonDocument::Indented)).trimmed();
}

} // namespace gatehouse
