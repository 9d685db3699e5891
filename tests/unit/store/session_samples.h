// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/migrations.h"
#include "store/session_repository.h"

#include <QTest>

namespace gatehouse {

inline WallTime timeOf(qint64 seconds)
{
    return WallTime(std::chrono::milliseconds(1'700'000'000'000 + seconds * 1000));
}

inline MessageRecord said(const QByteArray &text, qint64 at = 0, const QByteArray &role = "user")
{
    return {.role = role, .text = text, .createdAt = timeOf(at)};
}

/// A migrated database, and the sessions in it.
class SessionsUnderTest
{
public:
    explicit SessionsUnderTest(const DatabaseTarget &target)
        : m_database(Database::open(target))
    {
        m_isReady = m_database && migrate(**m_database, target);
    }
    [[nodiscard]] bool isReady() const { return m_isReady; }
    [[nodiscard]] Database &database() { return **m_database; }
    [[nodiscard]] SessionRepository sessions() { return SessionRepository(database()); }

    /// The messages' numbers; empty where that fails.
    QList<qint64> say(const SessionKey &key, const QByteArrayList &texts, qint64 at = 0)
    {
        QList<MessageRecord> messages;
        for (const QByteArray &text : texts)
            messages.append(said(text, at));
        QList<qint64> numbers;
        const auto stored = sessions().append(key, QString::fromUtf8(texts.value(0)), messages);
        if (stored) {
            for (const MessageRecord &message : *stored)
                numbers.append(message.number);
        }
        return numbers;
    }

    /// The numbers that a search finds; -1: it failed.
    QList<qint64> found(const QByteArray &owner, const QString &words, qint64 below = 0, qint64 limit = 20)
    {
        const auto hits = sessions().search({.owner = owner, .words = words, .below = below, .limit = limit});
        if (!hits)
            return {-1};
        QList<qint64> numbers;
        for (const SearchHit &hit : hits->hits)
            numbers.append(hit.message.number);
        return numbers;
    }

    /// Until nothing is left to purge; false: it failed, or has no end.
    bool purge()
    {
        for (int step = 0; step < 100'000; ++step) {
            const auto more = purgeDeletedMessages(database());
            if (!more || !*more)
                return more.has_value();
        }
        return false;
    }

private:
    Result<std::unique_ptr<Database>> m_database;
    bool m_isReady = false;
};

inline QByteArrayList textsOf(const Result<QList<MessageRecord>> &messages)
{
    QByteArrayList texts;
    if (!messages)
        return {"failed: " + messages.error().detail.toUtf8()};
    for (const MessageRecord &message : *messages)
        texts.append(message.text);
    return texts;
}

/// Defines `name`, a SessionsUnderTest in a fresh database on the engine that the row names.
#define GATEHOUSE_FRESH_SESSIONS(name, engines)                                                              \
    GATEHOUSE_FRESH_TARGET(name##Target, engines);                                                           \
    SessionsUnderTest name(name##Target);                                                                    \
    QVERIFY(name.isReady())

} // namespace gatehouse
