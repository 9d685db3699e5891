// SPDX-License-Identifier: GPL-3.0-or-later
// Sessions and their messages in the database, on both engines.
#include "engines.h"
#include "session_samples.h"

#include <atomic>
#include <set>
#include <thread>
#include <vector>

using namespace gatehouse;

class TestSessions : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void idsThatCallersMayUse();
    void messagesComeBackAsTheyWere_data() { Engines::addRows(); }
    void messagesComeBackAsTheyWere();
    void everyTextIsKept_data() { Engines::addRows(); }
    void everyTextIsKept();
    void messagesStayInOrder_data() { Engines::addRows(); }
    void messagesStayInOrder();
    void nothingOpensNoSession_data() { Engines::addRows(); }
    void nothingOpensNoSession();
    void extendingOpensNoSession_data() { Engines::addRows(); }
    void extendingOpensNoSession();
    void tailIsBounded_data() { Engines::addRows(); }
    void tailIsBounded();
    void pagesOfMessagesHaveNoGaps_data() { Engines::addRows(); }
    void pagesOfMessagesHaveNoGaps();
    void pagesOfSessionsHaveNoGaps_data() { Engines::addRows(); }
    void pagesOfSessionsHaveNoGaps();
    void ownersHaveTheirOwn_data() { Engines::addRows(); }
    void ownersHaveTheirOwn();
    void titles_data() { Engines::addRows(); }
    void titles();
    void unusedSessionsGo_data() { Engines::addRows(); }
    void unusedSessionsGo();
    void failedAppendLeavesNothing();
    void severalWritersAtOnce_data() { Engines::addRows(); }
    void severalWritersAtOnce();

private:
    Engines m_engines;
};

void TestSessions::idsThatCallersMayUse()
{
    for (const QByteArray &good : {QByteArray("a"), QByteArray("A-b_c.d:e~f@9"),
                                   QByteArray("6fa459ea-ee8a-3ca4-894e-db77e160355e"), QByteArray(128, 'x')})
        QVERIFY2(isSessionId(good), good.constData());
    for (const QByteArray &bad : {QByteArray(), QByteArray(129, 'x'), QByteArray("a/b"), QByteArray("a b"),
                                  QByteArray("\xc3\xa4"), QByteArray("a\0b", 3), QByteArray("a%20")})
        QVERIFY2(!isSessionId(bad), bad.constData());
}

void TestSessions::messagesComeBackAsTheyWere()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    const SessionKey key{"owner", "s1"};
    const MessageRecord question{.role = "user",
                                 .text = "What is this?",
                                 .json = R"({"role":"user","content":[{"type":"image_url"}]})",
                                 .requestId = "req-1",
                                 .createdAt = timeOf(1)};
    const MessageRecord answer{.role = "assistant",
                               .text = "A cat.",
                               .model = "llama",
                               .finishReason = "cancelled",
                               .promptTokens = 12,
                               .completionTokens = 3,
                               .requestId = "req-1",
                               .createdAt = timeOf(2)};
    const auto stored = test.sessions().append(key, QStringLiteral("What is"), {question, answer});
    GATEHOUSE_VERIFY_OK(stored);
    QCOMPARE(stored->size(), 2);
    QVERIFY(stored->at(0).number > 0 && stored->at(1).number > stored->at(0).number);
    MessageRecord expected = question;
    expected.number = stored->at(0).number;
    QVERIFY(stored->at(0) == expected);

    const auto read = test.sessions().messages(key, {});
    GATEHOUSE_VERIFY_OK(read);
    QVERIFY(*read == *stored);
    const auto tail = test.sessions().tail(key, 10, 1'000'000);
    GATEHOUSE_VERIFY_OK(tail);
    QVERIFY(*tail == *stored);
    const auto session = test.sessions().find(key);
    GATEHOUSE_VERIFY_OK(session);
    QVERIFY(*session == (SessionRecord{"s1", "owner", QStringLiteral("What is"), timeOf(1), timeOf(2), 2}));
}

void TestSessions::everyTextIsKept()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    const SessionKey key{"owner", "s"};
    const QByteArrayList texts{
        "",
        "'; DROP TABLE gatehouse_messages; --",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb emoji \xf0\x9f\x8f\xb3\xef\xb8\x8f",
        "e\xcc\x81 combining, \xc3\xa9 not",
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe6\x96\x87",
        "\xd8\xa7\xd9\x84\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a\xd8\xa9 \xe2\x80\x8f",
        "line\nline\r\n\ttab \\ ? $1 :name",
        QByteArray(1024 * 1024, 'x'),
        QByteArray("\xf0\x9f\x98\x80 ").repeated(200'000)};
    QCOMPARE(test.say(key, texts).size(), texts.size());
    QCOMPARE(textsOf(test.sessions().messages(key, {})), texts);
    // What PostgreSQL's protocol can't carry, and what is no UTF-8.
    QCOMPARE(test.say(key, {QByteArray("a\0b", 3), "bad \xff end"}).size(), 2);
    QCOMPARE(textsOf(test.sessions().tail(key, 2, 1000)), (QByteArrayList{"a\xef\xbf\xbd"
                                                                          "b",
                                                                          "bad \xef\xbf\xbd end"}));
}

void TestSessions::messagesStayInOrder()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    QByteArrayList expected;
    qint64 newest = 0;
    for (int round = 0; round < 20; ++round) {
        const QByteArray word = QByteArray::number(round);
        // All at one time, and the clock goes back meanwhile: the order is that of the calls.
        const QList<qint64> numbers =
            test.say({"owner", "one"}, {word + "a", word + "b", word + "c"}, -round);
        QCOMPARE(numbers.size(), 3);
        QVERIFY(numbers[0] > newest && numbers[1] > numbers[0] && numbers[2] > numbers[1]);
        newest = numbers[2];
        QCOMPARE(test.say({"owner", "other"}, {"between"}).size(), 1);
        expected << word + "a" << word + "b" << word + "c";
    }
    QCOMPARE(textsOf(test.sessions().messages({"owner", "one"}, {.limit = 1000})), expected);
    QCOMPARE(textsOf(test.sessions().tail({"owner", "one"}, 1000, 1'000'000)), expected);
    const auto session = test.sessions().find({"owner", "one"});
    GATEHOUSE_VERIFY_OK(session);
    QCOMPARE(session->messages, 60);
    QCOMPARE(session->updatedAt, timeOf(0));
}

void TestSessions::nothingOpensNoSession()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    const auto none = test.sessions().append({"owner", "s"}, QStringLiteral("title"), {});
    QVERIFY(none && none->isEmpty());
    QCOMPARE(test.sessions().find({"owner", "s"}).error().code, ErrorCode::NotFound);
    QCOMPARE(test.sessions().messages({"owner", "s"}, {}).error().code, ErrorCode::NotFound);
    const auto tail = test.sessions().tail({"owner", "s"}, 10, 10);
    QVERIFY(tail && tail->isEmpty());
    for (const SessionKey &bad : {SessionKey{"", "s"}, SessionKey{"owner", ""}})
        QCOMPARE(test.sessions().append(bad, {}, {said("x")}).error().code, ErrorCode::InvalidRequest);
}

// An answer that arrives after its session was removed.
void TestSessions::extendingOpensNoSession()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    const SessionKey key{"owner", "s"};
    QCOMPARE(test.say(key, {"question"}, 5).size(), 1);
    const auto extended = test.sessions().extend(key, {said("answer one", 4), said("answer two", 7)});
    GATEHOUSE_VERIFY_OK(extended);
    QCOMPARE(extended->size(), 2);
    QVERIFY(extended->at(0).number > 0 && extended->at(1).number > extended->at(0).number);
    QVERIFY(*test.sessions().find(key) ==
            (SessionRecord{"s", "owner", QStringLiteral("question"), timeOf(5), timeOf(7), 3}));
    QCOMPARE(textsOf(test.sessions().messages(key, {})),
             (QByteArrayList{"question", "answer one", "answer two"}));
    QCOMPARE(test.found("owner", QStringLiteral("answer")).size(), 2);
    GATEHOUSE_VERIFY_OK(test.sessions().extend(key, {said("early", 1)}));
    QCOMPARE(test.sessions().find(key)->updatedAt, timeOf(7));

    GATEHOUSE_VERIFY_OK(test.sessions().remove(key));
    for (const SessionKey &gone : {key, SessionKey{"other", "s"}, SessionKey{"", "1"}, SessionKey{}}) {
        const auto late = test.sessions().extend(gone, {said("answer late", 8)});
        GATEHOUSE_VERIFY_OK(late);
        QVERIFY(late->isEmpty());
        QCOMPARE(test.sessions().find(gone).error().code, ErrorCode::NotFound);
    }
    QVERIFY(test.sessions().sessions({}, {}, 10)->isEmpty());
    QVERIFY(test.found("owner", QStringLiteral("answer")).isEmpty());
    QVERIFY(test.purge());
    QVERIFY(test.found("owner", QStringLiteral("answer")).isEmpty());
    auto rows = test.database().run(QStringLiteral("SELECT count(*) FROM gatehouse_messages"));
    QVERIFY(rows && (*rows)->next());
    QCOMPARE((*rows)->value(0).toInt(), 0);
    (*rows)->finish();
}

void TestSessions::tailIsBounded()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    const SessionKey key{"owner", "s"};
    QCOMPARE(test.say(key, {QByteArray(100, 'a'), QByteArray(100, 'b'), QByteArray(100, 'c')}).size(), 3);
    QCOMPARE(test.say({"owner", "other"}, {"noise"}).size(), 1);
    const auto sizes = [&](qint64 messages, qint64 bytes) {
        QByteArray firsts;
        for (const QByteArray &text : textsOf(test.sessions().tail(key, messages, bytes)))
            firsts += text.left(1);
        return firsts;
    };
    QCOMPARE(sizes(10, 300), "abc");
    QCOMPARE(sizes(10, 299), "bc");
    QCOMPARE(sizes(10, 200), "bc");
    QCOMPARE(sizes(10, 199), "c");
    QCOMPARE(sizes(10, 0), "c"); // At least one.
    QCOMPARE(sizes(2, 10'000), "bc");
    QCOMPARE(sizes(0, 10'000), "");
    // JSON counts, too.
    const MessageRecord big{
        .role = "user", .text = "d", .json = QByteArray(500, ' '), .createdAt = timeOf(1)};
    QVERIFY(test.sessions().append(key, {}, {big}));
    QCOMPARE(sizes(10, 600), "d");
    QCOMPARE(sizes(10, 601), "cd");
}

void TestSessions::pagesOfMessagesHaveNoGaps()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    const SessionKey key{"owner", "s"};
    QByteArrayList expected;
    for (int i = 0; i < 25; ++i) {
        const QByteArray text = "message " + QByteArray::number(i);
        QCOMPARE(test.say(key, {text}).size(), 1);
        QCOMPARE(test.say({"owner", "noise"}, {"noise"}).size(), 1);
        expected << text;
    }
    for (const qint64 maxBytes : {qint64(1'000'000), qint64(30), qint64(1)}) {
        for (const qint64 limit : {1, 7, 25, 100}) {
            QByteArrayList seen;
            qint64 after = 0;
            for (int pages = 0; pages < 100; ++pages) {
                const auto page =
                    test.sessions().messages(key, {.after = after, .limit = limit, .maxBytes = maxBytes});
                GATEHOUSE_VERIFY_OK(page);
                QVERIFY(page->size() <= limit);
                seen << textsOf(page);
                const qint64 last = page->isEmpty() ? after : page->last().number;
                const auto more = test.sessions().hasMessagesAfter(key, last);
                GATEHOUSE_VERIFY_OK(more);
                QCOMPARE(*more, seen.size() < expected.size());
                if (!*more)
                    break;
                after = last;
            }
            QCOMPARE(seen, expected);
        }
    }
}

void TestSessions::pagesOfSessionsHaveNoGaps()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    for (int i = 0; i < 30; ++i) {
        // Many at one time, two owners with the same ids.
        for (const char *owner : {"one", "two"})
            QCOMPARE(test.say({owner, "s" + QByteArray::number(i)}, {"x"}, i / 7).size(), 1);
    }
    for (const QByteArray &owner : {QByteArray("one"), QByteArray()}) {
        for (const qint64 limit : {1, 4, 100}) {
            QList<SessionRecord> seen;
            std::optional<SessionRepository::Before> before;
            for (int pages = 0; pages < 100; ++pages) {
                const auto page = test.sessions().sessions(owner, before, limit);
                GATEHOUSE_VERIFY_OK(page);
                if (page->isEmpty())
                    break;
                seen << *page;
                const SessionRecord &last = seen.last();
                before = {.updatedAt = last.updatedAt, .owner = last.owner, .id = last.id};
            }
            QCOMPARE(seen.size(), owner.isEmpty() ? 60 : 30);
            std::set<std::pair<QByteArray, QByteArray>> different;
            for (qsizetype i = 0; i < seen.size(); ++i) {
                different.insert({seen[i].owner, seen[i].id});
                QVERIFY(i == 0 || seen[i].updatedAt <= seen[i - 1].updatedAt);
            }
            QCOMPARE(different.size(), std::size_t(seen.size()));
        }
    }
}

void TestSessions::ownersHaveTheirOwn()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    QCOMPARE(test.say({"one", "same"}, {"of one"}).size(), 1);
    QCOMPARE(test.say({"two", "same"}, {"of two"}).size(), 1);
    QCOMPARE(test.say({"two", "only"}, {"more of two"}).size(), 1);
    QCOMPARE(textsOf(test.sessions().messages({"one", "same"}, {})), QByteArrayList{"of one"});
    QCOMPARE(test.sessions().find({"one", "only"}).error().code, ErrorCode::NotFound);
    QCOMPARE(test.sessions().messages({"one", "only"}, {}).error().code, ErrorCode::NotFound);
    QCOMPARE(test.sessions().rename({"one", "only"}, QStringLiteral("mine"), timeOf(9)).error().code,
             ErrorCode::NotFound);
    QCOMPARE(test.sessions().remove({"one", "only"}).error().code, ErrorCode::NotFound);
    const auto tail = test.sessions().tail({"one", "only"}, 5, 500);
    QVERIFY(tail && tail->isEmpty());

    const auto elsewhere = test.sessions().findAnywhere("only");
    GATEHOUSE_VERIFY_OK(elsewhere);
    QCOMPARE(elsewhere->owner, "two");
    QCOMPARE(test.sessions().findAnywhere("same").error().code, ErrorCode::RouteConflict);
    QCOMPARE(test.sessions().findAnywhere("none").error().code, ErrorCode::NotFound);

    GATEHOUSE_VERIFY_OK(test.sessions().remove({"one", "same"}));
    QCOMPARE(test.sessions().remove({"one", "same"}).error().code, ErrorCode::NotFound);
    QCOMPARE(textsOf(test.sessions().messages({"two", "same"}, {})), QByteArrayList{"of two"});
    QCOMPARE(test.sessions().findAnywhere("same")->owner, "two");
    // The name is free again, and what comes has nothing of what was.
    QCOMPARE(test.say({"one", "same"}, {"anew"}).size(), 1);
    QCOMPARE(textsOf(test.sessions().messages({"one", "same"}, {})), QByteArrayList{"anew"});
    QCOMPARE(test.sessions().find({"one", "same"})->messages, 1);
    QVERIFY(test.purge());
    QCOMPARE(textsOf(test.sessions().messages({"one", "same"}, {})), QByteArrayList{"anew"});
}

void TestSessions::titles()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    const SessionKey key{"owner", "s"};
    GATEHOUSE_VERIFY_OK(test.sessions().append(key, QStringLiteral("first"), {said("x", 5)}));
    GATEHOUSE_VERIFY_OK(test.sessions().append(key, QStringLiteral("second"), {said("y", 6)}));
    QCOMPARE(test.sessions().find(key)->title, QStringLiteral("first"));
    auto renamed = test.sessions().rename(key, QStringLiteral("m\u00efne"), timeOf(9));
    GATEHOUSE_VERIFY_OK(renamed);
    QVERIFY(*renamed == (SessionRecord{"s", "owner", QStringLiteral("m\u00efne"), timeOf(5), timeOf(9), 2}));
    renamed = test.sessions().rename(key, QString(), timeOf(1));
    GATEHOUSE_VERIFY_OK(renamed);
    QCOMPARE(renamed->title, QString());
    QCOMPARE(renamed->updatedAt, timeOf(9)); // Never back.
    // Cut, but not in the middle of a character.
    const QString emoji = QStringLiteral("\U0001F600");
    renamed = test.sessions().rename(key, QString(199, u'x') + emoji + emoji, timeOf(10));
    GATEHOUSE_VERIFY_OK(renamed);
    QCOMPARE(renamed->title, QString(199, u'x'));
}

void TestSessions::unusedSessionsGo()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    for (int i = 0; i < 10; ++i)
        QCOMPARE(test.say({"owner", "s" + QByteArray::number(i)}, {"word"}, i).size(), 1);
    const auto some = test.sessions().removeUnusedSince(timeOf(5), 3);
    QVERIFY(some && *some == 3);
    QCOMPARE(test.sessions().find({"owner", "s2"}).error().code, ErrorCode::NotFound);
    QVERIFY(test.sessions().find({"owner", "s3"}));
    const auto rest = test.sessions().removeUnusedSince(timeOf(5), 3);
    QVERIFY(rest && *rest == 2);
    QVERIFY(test.sessions().find({"owner", "s5"}));
    QVERIFY(test.purge());
    const auto none = test.sessions().removeUnusedSince(timeOf(5), 3);
    QVERIFY(none && *none == 0);
    QCOMPARE(test.sessions().sessions({}, {}, 100)->size(), 5);
    QCOMPARE(test.found("owner", QStringLiteral("word")).size(), 5);
}

void TestSessions::failedAppendLeavesNothing()
{
    const auto target = m_engines.fresh(false);
    SessionsUnderTest test(*target);
    QVERIFY(test.isReady());
    const auto failed = test.database().inTransaction([&]() -> Result<void> {
        if (test.say({"owner", "s"}, {"unseen"}).size() != 1)
            return {};
        return Error{ErrorCode::Forbidden, QStringLiteral("not this one")};
    });
    QVERIFY(!failed);
    QCOMPARE(test.sessions().find({"owner", "s"}).error().code, ErrorCode::NotFound);
    QVERIFY(test.found("owner", QStringLiteral("unseen")).isEmpty());
}

// As two processes do it: connections of their own, one session.
void TestSessions::severalWritersAtOnce()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    constexpr int writers = 3;
    constexpr int rounds = 30;
    std::atomic<int> failures = 0;
    std::vector<std::thread> threads;
    for (int writer = 0; writer < writers; ++writer) {
        threads.emplace_back([&, writer] {
            SessionsUnderTest mine(testTarget);
            for (int i = 0; mine.isReady() && i < rounds; ++i) {
                const QByteArray name = QByteArray::number(writer) + "-" + QByteArray::number(i);
                const bool isStored =
                    mine.say({"owner", "shared"}, {name + " ask", name + " answer"}).size() == 2;
                const bool isGone = mine.say({"owner", "gone" + name}, {"passing"}).size() == 1 &&
                                    mine.sessions().remove({"owner", "gone" + name});
                failures += isStored && isGone ? 0 : 1;
                if (i % 10 == 9)
                    failures += mine.purge() ? 0 : 1;
            }
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    QCOMPARE(failures.load(), 0);
    const QByteArrayList texts = textsOf(test.sessions().messages({"owner", "shared"}, {.limit = 1000}));
    QCOMPARE(texts.size(), writers * rounds * 2);
    for (qsizetype i = 0; i < texts.size(); i += 2) // What was added together stands together.
        QCOMPARE(texts[i].chopped(4), texts[i + 1].chopped(7));
    QCOMPARE(test.found("owner", QStringLiteral("ask"), 0, 1000).size(), writers * rounds);
    QVERIFY(test.found("owner", QStringLiteral("passing")).isEmpty());
}

QTEST_GUILESS_MAIN(TestSessions)
#include "tst_sessions.moc"
