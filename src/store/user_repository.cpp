// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/user_repository.h"

#include "store/access_changes.h"
#include "store/role_text.h"
#include "store/sql_error.h"
#include "store/sql_value.h"

#include <QCoreApplication>

namespace gatehouse {
namespace {

constexpr char columns[] =
    "SELECT id, name, role, password_hash, is_active, created_at, last_used_at FROM gatehouse_users ";

QString noSuchUser()
{
    return QCoreApplication::translate("UserRepository", "There is no such user.");
}

UserRecord userAt(const QSqlQuery &query)
{
    UserRecord user;
    user.id = query.value(0).toString().toUtf8();
    user.name = query.value(1).toString();
    user.role = roleFromText(query.value(2).toString());
    user.passwordHash = query.value(3).toString().toUtf8();
    user.isActive = query.value(4).toBool();
    user.createdAt = timeAt(query, 5);
    user.lastUsedAt = optionalTimeAt(query, 6);
    return user;
}

} // namespace

Result<QList<UserRecord>> UserRepository::all()
{
    auto query = m_database.run(QLatin1String(columns) + QStringLiteral("ORDER BY created_at, id"));
    if (!query)
        return std::move(query).error();
    QList<UserRecord> users;
    while ((*query)->next())
        users << userAt(**query);
    return users;
}

Result<UserRecord> UserRepository::find(const QByteArray &id)
{
    auto query =
        m_database.run(QLatin1String(columns) + QStringLiteral("WHERE id = ?"), {QString::fromUtf8(id)});
    if (!query)
        return std::move(query).error();
    if (!(*query)->next())
        return Error{ErrorCode::NotFound, noSuchUser()};
    UserRecord user = userAt(**query);
    (*query)->finish();
    return user;
}

Result<void> UserRepository::add(const UserRecord &user)
{
    auto added = changeAccess(
        m_database,
        QStringLiteral("INSERT INTO gatehouse_users (id, name, role, password_hash, is_active,"
                       " created_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?)"),
        {QString::fromUtf8(user.id), user.name, roleText(user.role), QString::fromUtf8(user.passwordHash),
         user.isActive, sqlTime(user.createdAt), sqlTime(user.lastUsedAt)},
        {});
    if (!added && isDuplicate(added.error()))
        return Error{ErrorCode::InvalidRequest,
                     QCoreApplication::translate("UserRepository", "A user of this name exists already."),
                     {},
                     QByteArrayLiteral("username"),
                     QByteArrayLiteral("name_taken")};
    return added;
}

Result<void> UserRepository::update(const UserRecord &user)
{
    return changeAccess(
        m_database,
        QStringLiteral("UPDATE gatehouse_users SET role = ?, password_hash = ?, is_active = ? WHERE id = ?"),
        {roleText(user.role), QString::fromUtf8(user.passwordHash), user.isActive,
         QString::fromUtf8(user.id)},
        noSuchUser());
}

Result<void> UserRepository::remove(const QByteArray &id)
{
    return changeAccess(m_database, QStringLiteral("DELETE FROM gatehouse_users WHERE id = ?"),
                        {QString::fromUtf8(id)}, noSuchUser());
}

} // namespace gatehouse
