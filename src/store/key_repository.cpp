// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/key_repository.h"

#include "store/access_changes.h"
#include "store/role_text.h"
#include "store/sql_value.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>

namespace gatehouse {
namespace {

constexpr char columns[] =
    "SELECT id, name, role, hash, requests_per_hour, requests_per_minute, tokens_per_minute,"
    " max_concurrent, monthly_tokens, models, expires_at, is_active, created_at,"
    " last_used_at FROM gatehouse_keys ";

QString noSuchKey()
{
    return QCoreApplication::translate("KeyRepository", "There is no such key.");
}

QString modelsText(const QStringList &models)
{
    return QString::fromUtf8(
        QJsonDocument(QJsonArray::fromStringList(models)).toJson(QJsonDocument::Compact));
}

QStringList modelsFromText(const QString &text)
{
    QStringList models;
    for (const auto &model : QJsonDocument::fromJson(text.toUtf8()).array())
        models << model.toString();
    return models;
}

/// What add() and update() write alike, in the order of their statements.
QVariantList changeableValues(const KeyRecord &key)
{
    return {key.name,
            roleText(key.role),
            sqlNumber(key.limits.requestsPerHour),
            sqlNumber(key.limits.requestsPerMinute),
            sqlNumber(key.limits.tokensPerMinute),
            sqlNumber(key.limits.maxConcurrent),
            sqlNumber(key.limits.monthlyTokens),
            modelsText(key.models),
            sqlTime(key.expiresAt),
            key.isActive,
            sqlTime(key.lastUsedAt)};
}

KeyRecord keyAt(const QSqlQuery &query)
{
    KeyRecord key;
    key.id = query.value(0).toString().toUtf8();
    key.name = query.value(1).toString();
    key.role = roleFromText(query.value(2).toString());
    key.hash = query.value(3).toByteArray();
    key.limits.requestsPerHour = optionalNumberAt(query, 4);
    key.limits.requestsPerMinute = optionalNumberAt(query, 5);
    key.limits.tokensPerMinute = optionalNumberAt(query, 6);
    key.limits.maxConcurrent = optionalNumberAt(query, 7);
    key.limits.monthlyTokens = optionalNumberAt(query, 8);
    key.models = modelsFromText(query.value(9).toString());
    key.expiresAt = optionalTimeAt(query, 10);
    key.isActive = query.value(11).toBool();
    key.createdAt = timeAt(query, 12);
    key.lastUsedAt = optionalTimeAt(query, 13);
    return key;
}

} // namespace

Result<QList<KeyRecord>> KeyRepository::all()
{
    auto query = m_database.run(QLatin1String(columns) + QStringLiteral("ORDER BY created_at, id"));
    if (!query)
        return std::move(query).error();
    QList<KeyRecord> keys;
    while ((*query)->next())
        keys << keyAt(**query);
    return keys;
}

Result<KeyRecord> KeyRepository::find(const QByteArray &id)
{
    auto query =
        m_database.run(QLatin1String(columns) + QStringLiteral("WHERE id = ?"), {QString::fromUtf8(id)});
    if (!query)
        return std::move(query).error();
    if (!(*query)->next())
        return Error{ErrorCode::NotFound, noSuchKey()};
    KeyRecord key = keyAt(**query);
    (*query)->finish();
    return key;
}

Result<void> KeyRepository::add(const KeyRecord &key)
{
    const QVariantList values =
        changeableValues(key) + QVariantList{QString::fromUtf8(key.id), key.hash, sqlTime(key.createdAt)};
    return changeAccess(
        m_database,
        QStringLiteral("INSERT INTO gatehouse_keys (name, role, requests_per_hour, requests_per_minute,"
                       " tokens_per_minute, max_concurrent, monthly_tokens, models, expires_at,"
                       " is_active, last_used_at, id, hash, created_at)"
                       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        values, {});
}

Result<void> KeyRepository::update(const KeyRecord &key)
{
    return changeAccess(m_database,
                        QStringLiteral("UPDATE gatehouse_keys SET name = ?, role = ?, requests_per_hour = ?,"
                                       " requests_per_minute = ?, tokens_per_minute = ?, max_concurrent = ?,"
                                       " monthly_tokens = ?, models = ?, expires_at = ?, is_active = ?,"
                                       " last_used_at = ? WHERE id = ?"),
                        changeableValues(key) + QVariantList{QString::fromUtf8(key.id)}, noSuchKey());
}

Result<void> KeyRepository::remove(const QByteArray &id)
{
    return changeAccess(m_database, QStringLiteral("DELETE FROM gatehouse_keys WHERE id = ?"),
                        {QString::fromUtf8(id)}, noSuchKey());
}

Result<void> KeyRepository::noteUsed(const QList<QPair<QByteArray, WallTime>> &uses)
{
    // Another process may have seen a later use of the key.
    const QString sql = QStringLiteral("UPDATE gatehouse_keys SET last_used_at = ? WHERE id = ? "
                                       "AND (last_used_at IS NULL OR last_used_at < ?)");
    return m_database.inTransaction([&]() -> Result<void> {
        for (const auto &[id, time] : uses) {
            if (auto noted = m_database.run(sql, {sqlTime(time), QString::fromUtf8(id), sqlTime(time)});
                !noted)
                return std::move(noted).error();
        }
        return {};
    });
}

} // namespace gatehouse
