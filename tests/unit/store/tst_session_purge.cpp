// SPDX-License-Identifier: GPL-3.0-or-later
// What is deleted is in no byte of the files any more.
#include "engines.h"
#include "session_samples.h"
#include "store/message_words.h"
#include "store_under_test.h"

#include <QElapsedTimer>
#include <QFile>

#include <random>

using namespace gatehouse;

class TestSessionPurge : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void deletedWordsLeaveTheFiles();
    void deletedByChanceAmongMany_data();
    void deletedByChanceAmongMany();
    void whatIsKeptIsStillFound_data() { Engines::addRows(); }
    void whatIsKeptIsStillFound();
    void goesOnWhereItStopped_data() { Engines::addRows(); }
    void goesOnWhereItStopped();
    void endsWhileOthersWrite();
    void everyTextLeavesTheIndex();
    void waitsForNoReader();
    void idleWantsNoTransaction();
    void storePurgesByItself_data() { Engines::addRows(); }
    void storePurgesByItself();
    void storeRemovesUnusedSessions_data() { Engines::addRows(); }
    void storeRemovesUnusedSessions();

private:
    Engines m_engines;
};

namespace {

QByteArray contents(const DatabaseTarget &target)
{
    QByteArray all;
    for (const char *suffix : {"", "-wal"}) {
        QFile file(target.file + QString::fromLatin1(suffix));
        if (file.open(QIODevice::ReadOnly))
            all += file.readAll();
    }
    return all;
}

/// A word that is nowhere else, in lower case as the index has it.
QByteArray secretWord(int number)
{
    return "zq" + QByteArray::number(number * 7919 + 1'000'003, 36) + "qz";
}

/// A text that holds a word now and then.
QByteArray textWith(const QByteArray &word, qsizetype bytes)
{
    QByteArray text;
    for (int i = 0; text.size() < bytes; ++i)
        text += (i % 50 == 0 ? word + QByteArray::number(i) : "filler" + QByteArray::number(i % 997)) + ' ';
    return text;
}

} // namespace

void TestSessionPurge::deletedWordsLeaveTheFiles()
{
    const auto target = m_engines.fresh(false);
    SessionsUnderTest test(*target);
    QVERIFY(test.isReady());
    const QByteArrayList kept{"the cat sat", "on the mat"};
    QCOMPARE(test.say({"owner", "kept-1"}, kept).size(), 2);
    const QByteArray huge = textWith("zqhuge", 100 * 1024);
    QCOMPARE(test.say({"owner", "doomed"}, {"zqtitle zqfirst", huge, "zqlast words"}).size(), 3);
    QCOMPARE(test.say({"other", "kept-2"}, kept).size(), 2);
    const MessageRecord image{
        .role = "user", .text = "see", .json = R"({"content":"zqjson"})", .createdAt = timeOf(1)};
    QVERIFY(test.sessions().append({"owner", "doomed"}, {}, {image}));
    QVERIFY(test.sessions().rename({"owner", "doomed"}, QStringLiteral("zqrenamed"), timeOf(2)));
    const QByteArrayList words{"zqtitle", "zqfirst", "zqhuge", "zqlast", "zqjson", "zqrenamed"};
    for (const QByteArray &word : words)
        QVERIFY2(contents(*target).contains(word), word.constData());

    GATEHOUSE_VERIFY_OK(test.sessions().remove({"owner", "doomed"}));
    QVERIFY(test.found("owner", QStringLiteral("zqlast")).isEmpty());
    QCOMPARE(test.sessions().find({"owner", "doomed"}).error().code, ErrorCode::NotFound);
    QCOMPARE(test.sessions().sessions({}, {}, 10)->size(), 2);
    QVERIFY(test.purge());
    for (const QByteArray &word : words)
        QVERIFY2(!contents(*target).contains(word), word.constData());
    QVERIFY(!contents(*target).contains("zq"));
    QVERIFY(!contents(*target).contains("doomed"));
    QCOMPARE(textsOf(test.sessions().messages({"owner", "kept-1"}, {})), kept);
    QCOMPARE(test.found("owner", QStringLiteral("cat sat")).size(), 1);
    QCOMPARE(test.found("other", QStringLiteral("mat")).size(), 1);
}

void TestSessionPurge::deletedByChanceAmongMany_data()
{
    QTest::addColumn<unsigned>("seed");
    for (const unsigned seed : {1U, 2U, 3U})
        QTest::addRow("%u", seed) << seed;
}

// Sessions that grow beside each other, texts of all sizes, removals in between, as pages split and join.
void TestSessionPurge::deletedByChanceAmongMany()
{
    const auto target = m_engines.fresh(false);
    SessionsUnderTest test(*target);
    QVERIFY(test.isReady());
    QFETCH(const unsigned, seed);
    std::mt19937 random(seed);
    const auto pick = [&](unsigned below) {
        return static_cast<int>(random() % below);
    };
    constexpr int sessions = 40;
    std::vector<bool> isGone(sessions, false);
    for (int round = 0; round < 300; ++round) {
        const int number = pick(sessions);
        const QByteArray id = "s" + QByteArray::number(number);
        if (!isGone[std::size_t(number)])
            QCOMPARE(test.say({"owner", id}, {textWith(secretWord(number), 1 << pick(14))}, round).size(), 1);
        if (round % 40 == 39) {
            const auto doomed = std::size_t(pick(sessions));
            (void)test.sessions().remove({"owner", "s" + QByteArray::number(qlonglong(doomed))});
            isGone[doomed] = true;
        }
        if (round % 100 == 99)
            QVERIFY(test.purge());
    }
    QVERIFY(test.purge());
    const QByteArray bytes = contents(*target);
    for (int number = 0; number < sessions; ++number) {
        const QByteArray word = secretWord(number);
        const bool isFound = !test.found("owner", QString::fromLatin1(word)).isEmpty();
        const bool isThere = test.sessions().find({"owner", "s" + QByteArray::number(number)}).has_value();
        QCOMPARE(isFound, isThere);
        QCOMPARE(bytes.contains(word), isThere);
    }
}

void TestSessionPurge::whatIsKeptIsStillFound()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    for (int i = 0; i < 200; ++i) {
        QCOMPARE(test.say({"owner", i % 2 ? "odd" : "even"}, {"word number" + QByteArray::number(i)}).size(),
                 1);
    }
    GATEHOUSE_VERIFY_OK(test.sessions().remove({"owner", "odd"}));
    QCOMPARE(test.found("owner", QStringLiteral("word"), 0, 1000).size(), 100);
    QVERIFY(test.purge());
    QCOMPARE(test.found("owner", QStringLiteral("word"), 0, 1000).size(), 100);
    QCOMPARE(test.found("owner", QStringLiteral("number198 ")).size(), 1);
    QCOMPARE(test.found("owner", QStringLiteral("number199 ")).size(), 0);
    const auto again = purgeDeletedMessages(test.database());
    QVERIFY(again && !*again);
}

// Each step by a connection of its own, as after so many crashes.
void TestSessionPurge::goesOnWhereItStopped()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    {
        SessionsUnderTest test(target);
        QVERIFY(test.isReady());
        for (int i = 0; i < 150; ++i)
            QCOMPARE(
                test.say({"owner", i % 3 ? "doomed" : "kept"}, {textWith(i % 3 ? "zqgone" : "stays", 500)})
                    .size(),
                1);
        GATEHOUSE_VERIFY_OK(test.sessions().remove({"owner", "doomed"}));
    }
    bool isMore = true;
    int steps = 0;
    for (; isMore && steps < 1000; ++steps) {
        const auto database = Database::open(target);
        GATEHOUSE_VERIFY_OK(database);
        const auto more = purgeDeletedMessages(**database);
        GATEHOUSE_VERIFY_OK(more);
        isMore = *more;
    }
    QVERIFY(!isMore);
    QVERIFY(steps > 3);
    SessionsUnderTest test(target);
    QCOMPARE(test.found("owner", QStringLiteral("stays0"), 0, 1000).size(), 50);
    auto rows = test.database().run(QStringLiteral("SELECT count(*) FROM gatehouse_messages"));
    QVERIFY(rows && (*rows)->next());
    QCOMPARE((*rows)->value(0).toInt(), 50);
    (*rows)->finish();
    if (!onPostgres)
        QVERIFY(!contents(target).contains("zqgone"));
}

void TestSessionPurge::endsWhileOthersWrite()
{
    const auto target = m_engines.fresh(false);
    SessionsUnderTest test(*target);
    QVERIFY(test.isReady());
    for (int i = 0; i < 300; ++i)
        QCOMPARE(
            test.say({"owner", i % 10 ? "kept" : "doomed"}, {textWith(i % 10 ? "stays" : "zqgone", 2000)})
                .size(),
            1);
    GATEHOUSE_VERIFY_OK(test.sessions().remove({"owner", "doomed"}));
    bool isMore = true;
    for (int step = 0; isMore && step < 2000; ++step) {
        QCOMPARE(test.say({"owner", "new"}, {"one more " + QByteArray::number(step)}).size(), 1);
        const auto more = purgeDeletedMessages(test.database());
        GATEHOUSE_VERIFY_OK(more);
        isMore = *more;
    }
    QVERIFY(!isMore);
    QVERIFY(!contents(*target).contains("zqgone"));
}

// The words that go are made of the stored text: what it may not be stored as it came, or not be cut as it
// came, must not make others of them.
void TestSessionPurge::everyTextLeavesTheIndex()
{
    const auto target = m_engines.fresh(false);
    SessionsUnderTest test(*target);
    QVERIFY(test.isReady());
    const QByteArray mark = "\xef\xbb\xbf";
    const QByteArray swapped = "\xef\xbf\xbe";
    const QByteArray words = textWith("zqword", mostIndexedText * 2);
    QByteArrayList texts{mark + words,
                         mark + mark + words,
                         swapped + words,
                         swapped + mark + words,
                         QByteArray(1, '\0') + "zqzero " + QByteArray("zq\0a ", 5) + words,
                         "\xff zq\xffq \xed\xa0\x80 \xf0\x90 " + words};
    for (const char *character : {"\xc3\xa9", "\xe6\x97\xa5", "\xf0\x90\x90\x80", "\xff", "\xf0\x90"}) {
        for (int before = 0; before < 4; ++before)
            texts << "zq" + QByteArray(before, 'x') + ' ' + QByteArray(character).repeated(mostIndexedText);
    }
    // As much as a request may be.
    texts << textWith("zqhuge", 15 * 1024 * 1024);
    QElapsedTimer timer;
    timer.start();
    for (const QByteArray &text : std::as_const(texts))
        QCOMPARE(test.say({"owner", "doomed"}, {text}).size(), 1);
    QVERIFY2(timer.elapsed() < 20'000, QByteArray::number(timer.elapsed()).constData());
    QCOMPARE(test.found("owner", QStringLiteral("zqword50"), 0, 100).size(), 6);
    GATEHOUSE_VERIFY_OK(test.sessions().remove({"owner", "doomed"}));
    QVERIFY(test.purge());
    QVERIFY(!contents(*target).contains("zq"));
    auto left = test.database().run(QStringLiteral("SELECT count(*) FROM gatehouse_word_list"));
    QVERIFY(left && (*left)->next());
    QCOMPARE((*left)->value(0).toInt(), 0);
    (*left)->finish();
    GATEHOUSE_VERIFY_OK(test.database().run(
        QStringLiteral("INSERT INTO gatehouse_words (gatehouse_words) VALUES ('integrity-check')")));
}

// Somebody who writes for long isn't disturbed, nor waited for.
void TestSessionPurge::idleWantsNoTransaction()
{
    const auto target = m_engines.fresh(false);
    SessionsUnderTest test(*target);
    SessionsUnderTest writer(*target);
    QVERIFY(test.isReady() && writer.isReady());
    const auto written = writer.database().inTransaction([&]() -> Result<void> {
        QElapsedTimer timer;
        timer.start();
        const auto progress = purgeDeletedMessages(test.database());
        if (!progress)
            return progress.error();
        return *progress == PurgeDone && timer.elapsed() < 3000
                   ? Result<void>()
                   : Result<void>(Error{ErrorCode::Internal, QStringLiteral("it waited")});
    });
    GATEHOUSE_VERIFY_OK(written);
}

void TestSessionPurge::waitsForNoReader()
{
    const auto target = m_engines.fresh(false);
    SessionsUnderTest test(*target);
    SessionsUnderTest reader(*target);
    QVERIFY(test.isReady() && reader.isReady());
    QCOMPARE(test.say({"owner", "doomed"}, {"zqgone"}).size(), 1);
    GATEHOUSE_VERIFY_OK(test.sessions().remove({"owner", "doomed"}));
    const auto looked = reader.database().inSnapshot([&]() -> Result<void> {
        if (reader.sessions().sessions({}, {}, 1)->size() != 0)
            return Error{ErrorCode::Internal, QStringLiteral("still there")};
        Result<PurgeProgress> more = PurgeGoesOn;
        for (int step = 0; step < 50; ++step) {
            more = purgeDeletedMessages(test.database());
            if (!more || !*more) // As long as an old state is being read, there is something left to do.
                return Error{ErrorCode::Internal, QStringLiteral("ended too soon")};
        }
        return *more == PurgeHeldUp ? Result<void>()
                                    : Result<void>(Error{ErrorCode::Internal, QStringLiteral("not told")});
    });
    GATEHOUSE_VERIFY_OK(looked);
    QVERIFY(test.purge());
    QVERIFY(!contents(*target).contains("zqgone"));
}

void TestSessionPurge::storePurgesByItself()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const QTemporaryDir dataDir;
    StoreUnderTest test(target, dataDir.path());
    GATEHOUSE_VERIFY_OK(test.store.open());
    const auto stored = test.write<void>([](Database &database) -> Result<void> {
        SessionRepository sessions(database);
        for (int i = 0; i < 100; ++i) {
            const auto added = sessions.append({"owner", i % 2 ? "doomed" : "kept"}, QStringLiteral("title"),
                                               {said(textWith(i % 2 ? "zqgone" : "stays", 1000))});
            if (!added)
                return added.error();
        }
        return {};
    });
    QVERIFY(stored && *stored);
    const auto removed = test.write<void>([](Database &database) {
        return SessionRepository(database).remove({"owner", "doomed"});
    });
    QVERIFY(removed && *removed);
    const auto rows = [&] {
        const auto count = test.read<qint64>([](Database &database) -> Result<qint64> {
            auto query = database.run(QStringLiteral("SELECT count(*) FROM gatehouse_messages"));
            return query && (*query)->next() ? Result<qint64>((*query)->value(0).toLongLong())
                                             : Result<qint64>(Error{});
        });
        return count && *count ? **count : -1;
    };
    QTRY_COMPARE_WITH_TIMEOUT(rows(), 50, 20'000);
    if (!onPostgres)
        QTRY_VERIFY_WITH_TIMEOUT(!contents(target).contains("zqgone"), 20'000);
    const auto hits = test.read<SessionRepository::SearchPage>([](Database &database) {
        return SessionRepository(database).search(
            {.owner = "owner", .words = QStringLiteral("stays0"), .limit = 1000});
    });
    QVERIFY(hits && *hits);
    QCOMPARE((*hits)->hits.size(), 50);
}

void TestSessionPurge::storeRemovesUnusedSessions()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    SystemClock clock;
    {
        SessionsUnderTest test(target);
        QVERIFY(test.isReady());
        for (const int hours : {1, 30}) {
            MessageRecord message = said("zqword");
            message.createdAt = clock.wallNow() - std::chrono::hours(hours);
            QVERIFY(test.sessions().append({"owner", "s" + QByteArray::number(hours)}, {}, {message}));
        }
    }
    const QTemporaryDir dataDir;
    StoreUnderTest test(StoreOptions{.target = target,
                                     .dataDir = dataDir.path(),
                                     .keepSessions = std::chrono::hours(24),
                                     .pollInterval = std::chrono::milliseconds(30)});
    GATEHOUSE_VERIFY_OK(test.store.open());
    const auto ids = [&] {
        const auto sessions = test.read<QList<SessionRecord>>(
            [](Database &database) { return SessionRepository(database).sessions("owner", {}, 10); });
        QByteArrayList names;
        for (const SessionRecord &session : sessions &&*sessions ? **sessions : QList<SessionRecord>())
            names << session.id;
        return names;
    };
    QTRY_COMPARE_WITH_TIMEOUT(ids(), QByteArrayList{"s1"}, 20'000);
}

QTEST_GUILESS_MAIN(TestSessionPurge)
#include "tst_session_purge.moc"
