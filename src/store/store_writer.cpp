// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/store_writer.h"

#include "store/key_repository.h"
#include "store/ledger.h"
#include "store/migrations.h"
#include "store/session_repository.h"
#include "store/store_thread.h"

#include <algorithm>
#include <limits>

namespace gatehouse {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t mostInGroup = 64;
constexpr qint64 mostBytesInGroup = 4 * 1024 * 1024;
constexpr std::size_t manyTasks = 20'000;
constexpr qint64 manyBytes = 64 * 1024 * 1024;
constexpr int mostInBatch = 1024;
constexpr auto gathering = 250ms; ///< How long the first row waits for others to make a batch.
constexpr auto shortestPause = 100ms;
constexpr auto longestPause = 5000ms;
constexpr auto saveUsesEvery = 30s;
constexpr auto pruneEvery = 60s;
constexpr auto pruneStepEvery = 50ms;
constexpr int mostPrunedAtOnce = 500;
constexpr auto shortestPurgePause = 10ms;
constexpr auto longestPurgePause = 1000ms;
constexpr auto purgeAgainAfterFailure = 60s;
constexpr auto longestFarewell = 2s;

auto now()
{
    return std::chrono::steady_clock::now();
}

} // namespace

StoreWriter::StoreWriter(const StoreOptions &options, Surroundings surroundings)
    : m_options(options)
    , m_around(std::move(surroundings))
{}

StoreWriter::~StoreWriter()
{
    if (!m_thread.joinable())
        return;
    {
        const std::lock_guard lock(m_mutex);
        m_isClosing = true;
    }
    m_wake.notify_one();
    m_moved.notify_all();
    m_thread.join();
}

Result<void> StoreWriter::start()
{
    m_thread = std::thread([this] { runThread(); });
    std::unique_lock lock(m_mutex);
    m_moved.wait(lock, [this] { return m_opened.has_value(); });
    return *m_opened;
}

void StoreWriter::runThread()
{
    becomeStoreThread("store-writer");
    auto prepared = prepare();
    const bool isReady = prepared.has_value();
    {
        const std::lock_guard lock(m_mutex);
        m_opened = std::move(prepared);
    }
    m_moved.notify_all();
    if (isReady)
        loop();
    m_isAway = true;
    failTasks();
    m_watch.reset();
    m_mover.reset();
    m_database.reset();
}

Result<void> StoreWriter::prepare()
{
    auto database = Database::open(m_options.target);
    if (!database)
        return std::move(database).error();
    m_database = *std::move(database);
    if (auto migrated = migrate(*m_database, m_options.target); !migrated)
        return migrated;
    m_mover = std::make_unique<LedgerMover>(m_around.journal, *m_database);
    for (qint64 moved = mostInBatch; moved >= mostInBatch;) {
        auto some = m_mover->moveSome(mostInBatch);
        tellLosses();
        if (!some)
            return std::move(some).error();
        moved = *some;
    }
    m_watch = std::make_unique<AccessWatch>(*m_database);
    if (auto first = m_watch->hasChanged(); !first)
        return std::move(first).error();
    m_batchAt = mostInBatch;
    m_pollAt = now() + m_options.pollInterval;
    m_saveUsesAt = now() + saveUsesEvery;
    m_pruneAt = now();
    m_purgeAt = now();
    return {};
}

void StoreWriter::enqueue(StoreTask task)
{
    {
        const std::lock_guard lock(m_mutex);
        if (!m_isAway && !m_isClosing) {
            m_waitingBytes += task.bytes;
            m_tasks.push_back(std::move(task));
            m_wake.notify_one();
            return;
        }
    }
    task.deliver(databaseAway());
}

bool StoreWriter::isBehind() const
{
    const std::lock_guard lock(m_mutex);
    return m_tasks.size() > manyTasks || m_waitingBytes > manyBytes;
}

void StoreWriter::rowRecorded()
{
    const bool isBatch = ++m_recorded == m_batchAt;
    if (m_rowsWait.exchange(true) && !isBatch)
        return;
    const std::lock_guard lock(m_mutex); // Else the writer could just be falling asleep.
    m_wake.notify_one();
}

void StoreWriter::noteKeyUsed(const QByteArray &keyId)
{
    m_keyUses.note(keyId, m_around.clock.wallNow());
}

void StoreWriter::letRowsArrive()
{
    const quint64 upTo = m_recorded;
    if (m_inTables >= upTo)
        return;
    std::unique_lock lock(m_mutex);
    m_wanted = std::max(m_wanted, upTo);
    m_wake.notify_one();
    m_moved.wait(lock, [&] { return m_inTables >= upTo || !isHealthy() || m_isClosing; });
}

void StoreWriter::loop()
{
    while (pauseUntilWork()) {
        if (m_isAway)
            tryToReturn();
        serveTasks();
        moveRowsIfDue();
        mindTheClock();
    }
    finish();
}

bool StoreWriter::pauseUntilWork()
{
    std::unique_lock lock(m_mutex);
    m_wake.wait_until(lock, nextDue(), [this] { return m_isClosing || hasUrgentWork(); });
    if (m_rowsWait && !m_moveAt)
        m_moveAt = now() + gathering;
    return !m_isClosing;
}

bool StoreWriter::hasUrgentWork() const
{
    if (!m_tasks.empty())
        return true;
    return isHealthy() && (m_wanted > m_inTables || m_recorded >= m_batchAt || (m_rowsWait && !m_moveAt));
}

StoreWriter::Time StoreWriter::nextDue() const
{
    if (m_isAway)
        return m_returnAt;
    return std::min({m_pollAt, m_pruneAt, m_purgeAt, m_moveAt.value_or(m_pollAt)});
}

std::deque<StoreTask> StoreWriter::takeTasks()
{
    const std::lock_guard lock(m_mutex);
    std::deque<StoreTask> taken;
    qint64 bytes = 0;
    while (!m_tasks.empty() && taken.size() < mostInGroup && bytes < mostBytesInGroup) {
        bytes += m_tasks.front().bytes;
        taken.push_back(std::move(m_tasks.front()));
        m_tasks.pop_front();
    }
    m_waitingBytes -= bytes;
    return taken;
}

void StoreWriter::serveTasks()
{
    if (m_isAway)
        return failTasks();
    if (auto group = takeTasks(); !group.empty())
        serveGroup(std::move(group));
}

void StoreWriter::serveGroup(std::deque<StoreTask> group)
{
    std::vector<Result<void>> outcomes;
    auto whole = m_database->inTransaction([&]() -> Result<void> {
        for (const StoreTask &task : group)
            outcomes.push_back(m_database->inTransaction([&] { return task.run(*m_database); }));
        return {};
    });
    if (!whole && whole.error().code == ErrorCode::Overloaded)
        goAway(whole.error());
    else
        checkAccess(false);
    outcomes.resize(group.size());
    for (std::size_t i = 0; i < group.size(); ++i)
        group[i].deliver(whole || !outcomes[i] ? std::move(outcomes[i]) : whole);
}

void StoreWriter::moveRowsIfDue()
{
    const bool isWanted = [this] {
        const std::lock_guard lock(m_mutex);
        return (m_wanted > m_inTables || m_recorded >= m_batchAt) && !m_isStuck;
    }();
    if (!m_isAway && (isWanted || (m_moveAt && *m_moveAt <= now())))
        (void)moveBatch();
}

bool StoreWriter::moveBatch()
{
    const quint64 upTo = m_recorded;
    m_rowsWait.exchange(false); // What was recorded before is visible from here on.
    m_batchAt = upTo + mostInBatch;
    const auto moved = m_mover->moveSome(mostInBatch);
    tellLosses();
    if (!moved) {
        m_rowsWait = true;
        setStuck(&moved.error());
        return false;
    }
    setStuck(nullptr);
    if (*moved >= mostInBatch) {
        m_moveAt = now();
        return true;
    }
    m_moveAt.reset();
    {
        const std::lock_guard lock(m_mutex);
        m_inTables = upTo;
    }
    m_moved.notify_all();
    return false;
}

void StoreWriter::tellLosses()
{
    for (const LedgerMover::Loss &loss : m_mover->takeLosses())
        m_around.log.error("ledger rows lost", {{"file", loss.file}, {"bytes", loss.bytes}});
}

void StoreWriter::mindTheClock()
{
    if (m_isAway)
        return;
    const Time time = now();
    if (m_pollAt <= time) {
        m_pollAt = time + m_options.pollInterval;
        checkAccess(true);
    }
    if (m_saveUsesAt <= time) {
        m_saveUsesAt = time + saveUsesEvery;
        saveKeyUses();
    }
    if (m_pruneAt <= time)
        pruneSome();
    if (m_purgeAt <= time)
        purgeIfIdle();
}

void StoreWriter::checkAccess(bool onlyElsewhere)
{
    const auto changed = onlyElsewhere ? m_watch->hasChangedElsewhere() : m_watch->hasChanged();
    if (!changed)
        goAway(changed.error());
    else if (*changed)
        m_around.accessChanged();
}

void StoreWriter::saveKeyUses()
{
    const auto uses = m_keyUses.take();
    if (uses.isEmpty() || m_isAway)
        return m_keyUses.putBack(uses);
    if (auto noted = KeyRepository(*m_database).noteUsed(uses); !noted)
        m_keyUses.putBack(uses);
}

void StoreWriter::pruneSome()
{
    bool isMore = false;
    auto done = m_database->inTransaction([&]() -> Result<void> {
        const auto more = pruneOnce();
        isMore = more && *more;
        return more ? Result<void>() : Result<void>(more.error());
    });
    m_pruneAt = now() + (isMore ? std::chrono::milliseconds(pruneStepEvery) : pruneEvery);
    if (!done)
        m_around.log.warning("database not pruned", {{"detail", done.error().detail.toUtf8()}});
}

/// The value: whether there may be more.
Result<bool> StoreWriter::pruneOnce()
{
    const WallTime today = m_around.clock.wallNow();
    const WallTime olderThan =
        m_options.keepRequests.count() > 0 ? today - m_options.keepRequests : WallTime{};
    const qint64 mostRows =
        m_options.maxRequests > 0 ? m_options.maxRequests : std::numeric_limits<qint64>::max();
    const auto rows = Ledger(*m_database).prune(olderThan, mostRows, mostPrunedAtOnce);
    if (!rows || m_options.keepSessions.count() <= 0)
        return rows ? Result<bool>(*rows >= mostPrunedAtOnce) : Result<bool>(rows.error());
    const auto sessions =
        SessionRepository(*m_database).removeUnusedSince(today - m_options.keepSessions, mostPrunedAtOnce);
    if (!sessions)
        return sessions.error();
    return *rows >= mostPrunedAtOnce || *sessions >= mostPrunedAtOnce;
}

void StoreWriter::purgeIfIdle()
{
    {
        const std::lock_guard lock(m_mutex);
        if (!m_tasks.empty())
            return;
    }
    purgeSome();
}

/// A step that was long is followed by a pause as long. What is removed is noticed as other processes'
/// changes are, and may well be theirs.
void StoreWriter::purgeSome()
{
    const Time begun = now();
    const auto more = purgeDeletedMessages(*m_database);
    if (!more) {
        m_around.log.warning("removed messages not purged", {{"detail", more.error().detail.toUtf8()}});
        m_purgeAt = now() + purgeAgainAfterFailure;
    } else if (*more == PurgeHeldUp) {
        m_purgeAt = now() + longestPurgePause;
    } else if (*more) {
        m_purgeAt = now() + std::clamp<Time::duration>(now() - begun, shortestPurgePause, longestPurgePause);
    } else {
        m_purgeAt = now() + m_options.pollInterval;
    }
}

/// The rest of the queue and of the journal, as far as the time reaches; the journal keeps what it doesn't.
void StoreWriter::finish()
{
    const Time deadline = now() + longestFarewell;
    while (!m_isAway && now() < deadline) {
        auto group = takeTasks();
        if (group.empty())
            break;
        serveGroup(std::move(group));
    }
    while (!m_isAway && now() < deadline && moveBatch()) {
    }
    if (!m_isAway && now() < deadline)
        saveKeyUses();
}

void StoreWriter::goAway(const Error &error)
{
    if (m_isAway)
        return;
    m_around.log.warning("database away", {{"detail", error.detail.toUtf8()}});
    {
        const std::lock_guard lock(m_mutex);
        m_isAway = true;
    }
    m_moved.notify_all();
    // Back for a moment only (a full disk answers, too) is no reason to try, and to say so, ten times a
    // second.
    const bool wasBackShortly = m_backAt && now() - *m_backAt < longestPause * 2;
    m_pause = wasBackShortly ? std::min<std::chrono::milliseconds>(m_pause * 2, longestPause) : shortestPause;
    m_returnAt = now() + m_pause;
}

/// Whether keys or users have changed meanwhile. It is back only when it can also be written to.
Result<bool> StoreWriter::comeBack()
{
    auto back = m_database->reconnect();
    if (back)
        back = m_database->inTransaction([] { return Result<void>(); });
    if (!back)
        return std::move(back).error();
    m_watch->forgetConnection();
    return m_watch->hasChanged();
}

void StoreWriter::tryToReturn()
{
    if (now() < m_returnAt)
        return;
    const auto changed = comeBack();
    if (!changed) {
        m_pause = std::min<std::chrono::milliseconds>(m_pause * 2, longestPause);
        m_returnAt = now() + m_pause;
        return;
    }
    m_isAway = false;
    m_isStuck = false;
    m_backAt = now();
    m_pollAt = now();
    m_moveAt = now();
    m_around.log.info("database back");
    if (*changed)
        m_around.accessChanged();
}

/// Rows that can't be moved although the database answers: tried again with growing pauses.
void StoreWriter::setStuck(const Error *error)
{
    if (error && error->code == ErrorCode::Overloaded)
        return goAway(*error);
    const bool wasStuck = m_isStuck;
    {
        const std::lock_guard lock(m_mutex);
        m_isStuck = error != nullptr;
    }
    if (!error) {
        if (wasStuck)
            m_around.log.info("ledger moves again");
        return;
    }
    if (!wasStuck)
        m_around.log.error("ledger stuck", {{"detail", error->detail.toUtf8()}});
    m_moved.notify_all();
    m_pause = wasStuck ? std::min<std::chrono::milliseconds>(m_pause * 2, longestPause) : shortestPause;
    m_moveAt = now() + m_pause;
}

void StoreWriter::failTasks()
{
    for (auto tasks = takeTasks(); !tasks.empty(); tasks = takeTasks()) {
        for (const StoreTask &task : tasks)
            task.deliver(databaseAway());
    }
}

} // namespace gatehouse
