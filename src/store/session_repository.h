// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"
#include "store/session_record.h"

#include <QList>

namespace gatehouse {

/// Which conversation: ids are the callers' own words, so two owners may use the same one.
struct SessionKey
{
    QByteArray owner;
    QByteArray id; ///< isSessionId(); the callers check.
};

/// The conversations in the database (contract §3). What another owner has is NotFound, like what isn't
/// there. Used in the database's thread; every member is one statement or one transaction of few.
class SessionRepository
{
public:
    static constexpr qsizetype maxIdBytes = maxSessionIdBytes;
    static constexpr qsizetype maxTitleLength = 200; ///< Characters.

    explicit SessionRepository(Database &database)
        : m_database(database)
    {}

    /// Which of a session's messages are wanted.
    struct Page
    {
        qint64 after = 0;   ///< Numbers above this.
        qint64 limit = 100; ///< At least 1.
        /// Of text and JSON together; what would be more is left for the next page, but for the first
        /// message.
        qint64 maxBytes = 8 * 1024 * 1024;
    };

    /// Adds messages to a session in their order, and opens it with the first ones; none open none. `title`
    /// is used when it is opened, and cut. The messages' numbers are set in the answer. They can be searched
    /// at once. Errors: InvalidRequest where the key has no owner or no id.
    [[nodiscard]] Result<QList<MessageRecord>> append(const SessionKey &key, const QString &title,
                                                      const QList<MessageRecord> &messages);
    /// The same for a session that is there, and opens none: where it has gone meanwhile, nothing is stored,
    /// and the answer is empty.
    [[nodiscard]] Result<QList<MessageRecord>> extend(const SessionKey &key,
                                                      const QList<MessageRecord> &messages);

    /// The newest messages, oldest of them first: at most `maxMessages`, and not more than `maxBytes` of text
    /// and JSON together (but at least one). A session that isn't there has none.
    [[nodiscard]] Result<QList<MessageRecord>> tail(const SessionKey &key, qint64 maxMessages,
                                                    qint64 maxBytes);

    /// Newest first, `before` this update time and id (for the next page; unset: from the newest). Of one
    /// owner, or, where `owner` is empty, of all.
    struct Before
    {
        WallTime updatedAt{};
        QByteArray owner = {};
        QByteArray id = {};
    };
    [[nodiscard]] Result<QList<SessionRecord>> sessions(const QByteArray &owner,
                                                        const std::optional<Before> &before, qint64 limit);
    /// Errors: NotFound.
    [[nodiscard]] Result<SessionRecord> find(const SessionKey &key);
    /// The one session of this id whoever owns it, for an admin. Errors: NotFound; RouteConflict where
    /// several owners have one.
    [[nodiscard]] Result<SessionKey> findAnywhere(const QByteArray &id);
    /// Oldest first. Errors: NotFound.
    [[nodiscard]] Result<QList<MessageRecord>> messages(const SessionKey &key, const Page &page);
    /// Whether a session has messages with numbers above this.
    [[nodiscard]] Result<bool> hasMessagesAfter(const SessionKey &key, qint64 number);
    /// `at`: updatedAt becomes this, unless it is later. The title is cut. Errors: NotFound.
    [[nodiscard]] Result<SessionRecord> rename(const SessionKey &key, const QString &title, WallTime at);

    /// Takes the session and its messages away: nothing finds them any more. They themselves, and what is
    /// left of them in free pages and in the index of words, go with purgeDeletedMessages(). Errors:
    /// NotFound.
    [[nodiscard]] Result<void> remove(const SessionKey &key);
    /// The same for the sessions that were not used since, oldest first, at most so many; how many it were.
    [[nodiscard]] Result<qint64> removeUnusedSince(WallTime time, qint64 limit);

    /// Words that stand in a message's text, all of them; the last one may be the beginning of one. Newest
    /// first, numbers below `below` (0: from the newest). A query without a word finds nothing.
    struct Search
    {
        QByteArray owner; ///< Whose messages.
        QString words;
        qint64 below = 0;
        qint64 limit = 20;
    };
    struct SearchPage
    {
        QList<SearchHit> hits = {};
        /// `below` of the next page; 0: there is none. A search that takes long (frequent words that are
        /// never together) ends early, so a page may hold fewer hits than were asked for, or none, and yet
        /// have a next.
        qint64 next = 0;
    };
    [[nodiscard]] Result<SearchPage> search(const Search &search);

private:
    Database &m_database;
};

/// What a step of the purge leaves; as a truth value: whether there is more to do.
enum PurgeProgress {
    PurgeDone = 0,
    PurgeGoesOn,
    PurgeHeldUp, ///< By somebody who still reads what was deleted: trying again at once is no use.
};

/// One step of deleting what remove() took away, and its traces in the files: a few milliseconds of work, in
/// the writing thread, outside a transaction. What is still to be done is known to the database, so it goes
/// on after a crash, and in whichever process. Where there is nothing to do it only reads.
[[nodiscard]] Result<PurgeProgress> purgeDeletedMessages(Database &database);

} // namespace gatehouse
