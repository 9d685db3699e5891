// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QByteArray>
#include <QString>
#include <QStringList>

#include <optional>

namespace gatehouse {

enum class CallerRole { User, Admin };

/// What one key may use up (contract §4). Unset: no bound.
struct KeyLimits
{
    std::optional<qint64> requestsPerHour = {};
    std::optional<qint64> requestsPerMinute = {};
    std::optional<qint64> tokensPerMinute = {}; ///< Prompt and completion together.
    std::optional<qint64> maxConcurrent = {};   ///< Requests to models that run at once.
    std::optional<qint64> monthlyTokens = {};   ///< In a calendar month, UTC.
    friend bool operator==(const KeyLimits &, const KeyLimits &) = default;
};

/// One API key as it is kept; the key itself is not. A value.
struct KeyRecord
{
    QByteArray id; ///< A UUID in its canonical lower-case form, or the name of a configured key (`static`).
    QString name;
    CallerRole role = CallerRole::User;
    QByteArray hash; ///< 32 bytes, see admission/key_hasher.h; empty where there is nothing to compare.
    KeyLimits limits;
    QStringList models; ///< What it may use; empty: all.
    std::optional<WallTime> expiresAt;
    bool isActive = true;
    WallTime createdAt{};
    std::optional<WallTime> lastUsedAt; ///< Within a minute or so.
    friend bool operator==(const KeyRecord &, const KeyRecord &) = default;

    /// Neither revoked nor expired.
    [[nodiscard]] bool holds(WallTime now) const { return isActive && (!expiresAt || *expiresAt > now); }
};

/// Somebody who logs in by name and password. A value.
struct UserRecord
{
    QByteArray id; ///< A UUID in its canonical lower-case form.
    QString name;  ///< Unique, compared as written.
    CallerRole role = CallerRole::User;
    QByteArray passwordHash; ///< Argon2id, in the PHC string format.
    bool isActive = true;
    WallTime createdAt{};
    std::optional<WallTime> lastUsedAt;
    friend bool operator==(const UserRecord &, const UserRecord &) = default;
};

[[nodiscard]] constexpr const char *roleName(CallerRole role)
{
    return role == CallerRole::Admin ? "admin" : "user";
}

} // namespace gatehouse
