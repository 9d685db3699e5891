// SPDX-License-Identifier: GPL-3.0-or-later
// What a search finds, the same on both engines.
#include "engines.h"
#include "session_samples.h"
#include "store/message_index.h"

#include <QElapsedTimer>

using namespace gatehouse;

class TestSessionSearch : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void wordsOfATexts_data();
    void wordsOfATexts();
    void wordsAreBounded();
    void snippets();
    void findsWords_data() { Engines::addRows(); }
    void findsWords();
    void longBeginnings_data() { Engines::addRows(); }
    void longBeginnings();
    void syntaxIsOnlyText_data() { Engines::addRows(); }
    void syntaxIsOnlyText();
    void findsOnlyTheOwners_data() { Engines::addRows(); }
    void findsOnlyTheOwners();
    void pagesAreNewestFirst_data() { Engines::addRows(); }
    void pagesAreNewestFirst();
    void blocksHaveNoGaps();
    void hugeMessagesCanBeFound_data() { Engines::addRows(); }
    void hugeMessagesCanBeFound();
    void longTextsAreSearchedSoon_data() { Engines::addRows(); }
    void longTextsAreSearchedSoon();
    void hitsTellTheirPlace_data() { Engines::addRows(); }
    void hitsTellTheirPlace();

private:
    Engines m_engines;
};

void TestSessionSearch::wordsOfATexts_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("words");
    const auto row = [](const char *name, const char16_t *text, const QStringList &words) {
        QTest::newRow(name) << QString::fromUtf16(text) << words;
    };
    row("nothing", u"", {});
    row("signs", u" .,;:!? -- \"'()*^+~ \U0001F600 \u200d\ufe0f", {});
    row("case and signs", u"Hello, WORLD! foo_bar a-b",
        {QStringLiteral("hello"), QStringLiteral("world"), QStringLiteral("foo"), QStringLiteral("bar"),
         QStringLiteral("a"), QStringLiteral("b")});
    row("diacritics", u"Caf\u00e9 cafe\u0301 \u00c5ngstr\u00f6m",
        {QStringLiteral("cafe"), QStringLiteral("angstrom")});
    row("compatibility forms", u"\uff26\uff35\uff2c\uff2c \ufb01ne 4\u00b2",
        {QStringLiteral("full"), QStringLiteral("fine"), QStringLiteral("42")});
    row("no spaces between words", u"\u65e5\u672c\u8a9ekana\u304b\u3099",
        {QStringLiteral("\u65e5"), QStringLiteral("\u672c"), QStringLiteral("\u8a9e"), QStringLiteral("kana"),
         QStringLiteral("\u304c")});
    row("Hangul", u"\ud55c\uad6d\uc5b4", {QStringLiteral("\ud55c\uad6d\uc5b4")});
    row("emoji between", u"one\U0001F469\u200d\U0001F4BBtwo\U0001F1E9\U0001F1EA",
        {QStringLiteral("one"), QStringLiteral("two")});
    row("zero", u"a\ufffdb", {QStringLiteral("a"), QStringLiteral("b")});
    row("ligature with spaces inside", u"\ufdfa!",
        {QStringLiteral(
            "\u0635\u0644\u0649\u0627\u0644\u0644\u0647\u0639\u0644\u064a\u0647\u0648\u0633\u0644\u0645")});
}

void TestSessionSearch::wordsOfATexts()
{
    QFETCH(const QString, text);
    QFETCH(QStringList, words);
    const QString indexed = indexedWords("owner", text.toUtf8());
    const QString tag = ownerTag("owner");
    QCOMPARE(tag.size(), 6);
    QStringList found = indexed.isEmpty() ? QStringList() : indexed.split(u' ');
    for (QString &word : found) {
        QVERIFY(word.startsWith(tag));
        word.remove(0, tag.size());
    }
    QCOMPARE(found, words);
    QCOMPARE(parseWordQuery(text).words, words);
}

void TestSessionSearch::wordsAreBounded()
{
    // A word's end doesn't count, and a text's doesn't.
    const QString letters(1000, u'x');
    QCOMPARE(parseWordQuery(letters).words, QStringList{letters.left(40)});
    QByteArray text;
    for (int i = 0; i < 200'000; ++i)
        text += "w" + QByteArray::number(i) + ' ';
    QCOMPARE(indexedWords("owner", text), indexedWords("owner", text.left(mostIndexedText)));
    QVERIFY(indexedWords("owner", text) != indexedWords("owner", text.left(mostIndexedText - 20)));
    QCOMPARE(parseWordQuery(QString::fromUtf8(text)).words.size(), 16);
    const QByteArray large = text.repeated(15 * 1024 * 1024 / int(text.size()));
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(indexedWords("owner", large), indexedWords("owner", text));
    QVERIFY2(timer.elapsed() < 300, QByteArray::number(timer.elapsed()).constData());
    // Folding makes eighteen letters of such a character.
    QByteArray growing;
    for (int i = 0; growing.size() < mostIndexedText; ++i)
        growing += QByteArray("\xef\xb7\xba").repeated(35) + QByteArray::number(10000 + i) + ' ';
    const QByteArray indexed = indexedWords("owner", growing).toUtf8();
    QVERIFY(indexed.size() > 500 * 1024 && indexed.size() <= 512 * 1024);
    // A character that the border cuts counts on no side, and neither does what is behind.
    for (int before = 0; before < 4; ++before) {
        const QByteArray start = QByteArray(mostIndexedText - 10, ' ') + QByteArray(6 + before, 'a');
        QCOMPARE(indexedWords("owner", start + "\xf0\x90\x90\x80 more").size(),
                 before == 0 ? 6 + 6 + 2 : 6 + 6 + before);
        QCOMPARE(indexedWords("owner", start + "\xf0\x90\x90\x80 more"),
                 indexedWords("owner", (start + "\xf0\x90\x90\x80 more").left(mostIndexedText + 4)));
    }
    // One character that is two code units isn't cut into halves.
    const QString rare = QStringLiteral("a") + QStringLiteral("\U00010400").repeated(50);
    QVERIFY(!parseWordQuery(rare).words.constFirst().back().isHighSurrogate());
}

void TestSessionSearch::snippets()
{
    const auto snippet = [](const QString &text, const char *query) {
        return snippetOf(text, parseWordQuery(QString::fromLatin1(query)));
    };
    QCOMPARE(snippet(QStringLiteral("a  short\n text"), "text"), QStringLiteral("a short text"));
    const QString filler = QStringLiteral("lorem ipsum ").repeated(100);
    const QString found = snippet(filler + QStringLiteral("Needle! ") + filler, "needl");
    QVERIFY(found.contains(QStringLiteral("Needle!")));
    QVERIFY(found.startsWith(QStringLiteral("\u2026lorem")) ||
            found.startsWith(QStringLiteral("\u2026ipsum")));
    QVERIFY(found.endsWith(u'\u2026'));
    QVERIFY(found.size() <= 242);
    QCOMPARE(snippet(filler, "absent").left(11), QStringLiteral("lorem ipsum"));
    QCOMPARE(snippet(QString(), "absent"), QString());
    const QString emoji = QStringLiteral("\U0001F600").repeated(400) + QStringLiteral("needle");
    QVERIFY(snippet(emoji, "needle").endsWith(QStringLiteral("needle")));
    QVERIFY(snippet(emoji, "needle").isValidUtf16());
}

void TestSessionSearch::findsWords()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    const QList<qint64> numbers = test.say(
        {"owner", "s"}, {"The quick brown fox", "jumps over the lazy dog",
                         "Caf\xc3\xa9 in \xe6\x9d\xb1\xe4\xba\xac\xe3\x81\xa7", "\xf0\x9f\x98\x80 quickly"});
    QCOMPARE(numbers.size(), 4);
    using Numbers = QList<qint64>;
    const auto found = [&](const char *words) {
        return test.found("owner", QString::fromUtf8(words));
    };
    QCOMPARE(found("the"), (Numbers{numbers[1], numbers[0]}));
    QCOMPARE(found("QUICK"), (Numbers{numbers[3], numbers[0]})); // The last word may be a beginning.
    QCOMPARE(found("quick fox"), Numbers{numbers[0]});
    QCOMPARE(found("fox quick"), Numbers{numbers[0]});
    QCOMPARE(found("qui fox"), Numbers());
    QCOMPARE(found("fox qui"), Numbers{numbers[0]});
    QCOMPARE(found("fox dog"), Numbers());
    QCOMPARE(found("cafe"), Numbers{numbers[2]});
    QCOMPARE(found("caf\xc3\xa9"), Numbers{numbers[2]});
    QCOMPARE(found("\xe4\xba\xac"), Numbers{numbers[2]});
    QCOMPARE(found("\xe6\x9d\xb1\xe4\xba\xac"), Numbers{numbers[2]});
    QCOMPARE(found("quickl"), Numbers{numbers[3]});
    QCOMPARE(found("quicklyy"), Numbers());
    QCOMPARE(found(""), Numbers());
    QCOMPARE(found("\xf0\x9f\x98\x80 !?"), Numbers());
    QCOMPARE(found("lazy lazy lazy"), Numbers{numbers[1]});
}

// Beginnings that the index has no entries for: of few words, and of many.
void TestSessionSearch::longBeginnings()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    for (int i = 0; i < 40; ++i)
        QCOMPARE(test.say({"owner", "s"}, {"beginning" + QByteArray::number(i) + " common"}).size(), 1);
    QCOMPARE(test.say({"other", "s"}, {"beginning common"}).size(), 1);
    const auto count = [&](const char *words) {
        return test.found("owner", QString::fromLatin1(words), 0, 100).size();
    };
    QCOMPARE(count("beginning"), 40);
    QCOMPARE(count("common beginning"), 40);
    QCOMPARE(count("beginning1"), 11);
    QCOMPARE(count("common beginning1"), 11);
    QCOMPARE(count("beginning1 common"), 1);
    QCOMPARE(count("beginning17"), 1);
    QCOMPARE(count("beginning99"), 0);
    QCOMPARE(count("absent beginning1"), 0);
}

void TestSessionSearch::syntaxIsOnlyText()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    QCOMPARE(test.say({"owner", "s"}, {"alpha beta", "alpha NOT beta OR gamma NEAR words"}).size(), 2);
    for (const char *query : {"\"alpha",
                              "alpha\"",
                              "alpha*",
                              "(alpha",
                              "alpha)",
                              "words:alpha",
                              "-alpha",
                              "^alpha",
                              "alpha:*",
                              "alpha'",
                              "'alpha",
                              "alpha\\",
                              "{words} : alpha",
                              "alpha AND",
                              "a\"b\"c",
                              "alpha & !",
                              "alpha | <->",
                              "%alpha",
                              "gatehouse_words:alpha",
                              "; DROP TABLE gatehouse_messages",
                              "?",
                              "$1",
                              ":owner"}) {
        const QList<qint64> found = test.found("owner", QString::fromLatin1(query));
        QVERIFY2(!found.contains(-1), query);
    }
    QCOMPARE(test.found("owner", QStringLiteral("alpha NOT beta")).size(), 1);
    QCOMPARE(test.found("owner", QStringLiteral("alpha OR nothing")).size(), 0);
    QCOMPARE(test.found("owner", QStringLiteral("alpha NEAR words")).size(), 1);
    QCOMPARE(test.found("owner", QString(QChar(0)) + QStringLiteral("alpha") + QChar(0)).size(), 2);
}

void TestSessionSearch::findsOnlyTheOwners()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    const QList<qint64> mine = test.say({"one", "s"}, {"shared word"});
    const QList<qint64> others = test.say({"two", "s"}, {"shared word"});
    QCOMPARE(test.found("one", QStringLiteral("shared")), mine);
    QCOMPARE(test.found("two", QStringLiteral("shared")), others);
    QVERIFY(test.found("three", QStringLiteral("shared")).isEmpty());
    QVERIFY(test.found("", QStringLiteral("shared")).isEmpty());
    // The owner's letters in the index are no words of anybody's.
    QVERIFY(test.found("one", ownerTag("one")).isEmpty());
    QVERIFY(test.found("one", ownerTag("one") + QStringLiteral("shared")).isEmpty());
    GATEHOUSE_VERIFY_OK(test.sessions().remove({"one", "s"}));
    QVERIFY(test.found("one", QStringLiteral("shared")).isEmpty());
    QVERIFY(test.purge());
    QVERIFY(test.found("one", QStringLiteral("shared")).isEmpty());
    QCOMPARE(test.found("two", QStringLiteral("shared")), others);
}

void TestSessionSearch::pagesAreNewestFirst()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    QList<qint64> expected;
    for (int i = 0; i < 50; ++i) {
        expected.prepend(test.say({"owner", "s" + QByteArray::number(i % 7)}, {"same word"}).value(0));
        QCOMPARE(test.say({"other", "s"}, {"same word"}).size(), 1);
    }
    for (const qint64 limit : {1, 7, 50, 100}) {
        QList<qint64> seen;
        qint64 below = 0;
        for (int pages = 0; pages < 100; ++pages) {
            const auto page = test.sessions().search(
                {.owner = "owner", .words = QStringLiteral("word"), .below = below, .limit = limit});
            GATEHOUSE_VERIFY_OK(page);
            for (const SearchHit &hit : page->hits)
                seen << hit.message.number;
            below = page->next;
            if (below == 0)
                break;
        }
        QCOMPARE(below, 0);
        QCOMPARE(seen, expected);
    }
    QVERIFY(test.found("owner", QStringLiteral("word"), 0, 0).isEmpty());
}

void TestSessionSearch::blocksHaveNoGaps()
{
    const auto target = m_engines.fresh(false);
    SessionsUnderTest test(*target);
    QVERIFY(test.isReady());
    QList<qint64> expected;
    constexpr qint64 size = MessageIndex::blockSize;
    for (const qint64 last : {qint64(0), size - 3, 2 * size - 1, 9 * size - 2}) {
        if (last > 0)
            GATEHOUSE_VERIFY_OK(test.database().run(
                QStringLiteral("UPDATE sqlite_sequence SET seq = ? WHERE name = 'gatehouse_messages'"),
                {last}));
        for (int i = 0; i < 5; ++i)
            expected.prepend(test.say({"owner", "s"}, {"same word, long beginning"}).value(0));
    }
    QCOMPARE(expected.constFirst(), 9 * size + 3);
    for (const char *words : {"word", "same word", "same beginning"}) {
        for (const qint64 limit : {1, 5, 100}) {
            QList<qint64> seen;
            qint64 below = 0;
            for (int pages = 0; pages < 100; ++pages) {
                const auto page = test.sessions().search(
                    {.owner = "owner", .words = QString::fromLatin1(words), .below = below, .limit = limit});
                GATEHOUSE_VERIFY_OK(page);
                for (const SearchHit &hit : page->hits)
                    seen << hit.message.number;
                below = page->next;
                if (below == 0)
                    break;
            }
            QCOMPARE(below, 0);
            QCOMPARE(seen, expected);
        }
    }
    GATEHOUSE_VERIFY_OK(test.sessions().remove({"owner", "s"}));
    QVERIFY(test.purge());
    QVERIFY(test.found("owner", QStringLiteral("same word")).isEmpty());
}

void TestSessionSearch::hugeMessagesCanBeFound()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    QByteArray varied = "needle ";
    for (int i = 0; varied.size() < 1'000'000; ++i)
        varied += "word" + QByteArray::number(i * 7919) + ' ';
    QCOMPARE(test.say({"owner", "s"},
                      {varied, QByteArray(1'000'000, 'x'), "\xe6\x97\xa5" + QByteArray(60'000, ' ') + "end",
                       QByteArray(900'000, ' ') + "beyond", QByteArray("many words ").repeated(1'400'000)})
                 .size(),
             5);
    QCOMPARE(test.found("owner", QStringLiteral("needle")).size(), 1);
    QCOMPARE(test.found("owner", QString(40, u'x')).size(), 1);
    QCOMPARE(test.found("owner", QStringLiteral("end")).size(), 1);
    QCOMPARE(test.found("owner", QStringLiteral("beyond")).size(), 0);
    QCOMPARE(test.found("owner", QStringLiteral("many words")).size(), 1);
    GATEHOUSE_VERIFY_OK(test.sessions().remove({"owner", "s"}));
    QVERIFY(test.purge());
    QVERIFY(test.found("owner", QStringLiteral("needle")).isEmpty());
}

void TestSessionSearch::longTextsAreSearchedSoon()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    const QByteArray text = QByteArray("\xc3\xa9t\xc3\xa9 ").repeated(10'000) + "needle";
    GATEHOUSE_VERIFY_OK(test.database().inTransaction([&]() -> Result<void> {
        for (int i = 0; i < 100; ++i) {
            const auto stored = test.sessions().append({"owner", "s"}, {}, {said(text)});
            if (!stored)
                return stored.error();
        }
        return {};
    }));
    QElapsedTimer timer;
    timer.start();
    const auto hits =
        test.sessions().search({.owner = "owner", .words = QStringLiteral("needle"), .limit = 100});
    const qint64 took = timer.elapsed();
    GATEHOUSE_VERIFY_OK(hits);
    QVERIFY2(took < 300, QByteArray::number(took).constData());
    QVERIFY(hits->hits.size() == 100 || hits->next > 0);
    for (const SearchHit &hit : hits->hits)
        QVERIFY(hit.snippet.startsWith(QStringLiteral("\u00e9t\u00e9 \u00e9t\u00e9")));
}

void TestSessionSearch::hitsTellTheirPlace()
{
    GATEHOUSE_FRESH_SESSIONS(test, m_engines);
    const MessageRecord answer{.role = "assistant",
                               .text = "The  answer\nis 42.",
                               .json = "{}",
                               .model = "llama",
                               .finishReason = "stop",
                               .promptTokens = 3,
                               .completionTokens = 4,
                               .requestId = "req",
                               .createdAt = timeOf(7)};
    const auto stored = test.sessions().append({"owner", "s"}, QStringLiteral("Title"), {answer});
    GATEHOUSE_VERIFY_OK(stored);
    const auto hits = test.sessions().search({.owner = "owner", .words = QStringLiteral("answer 4")});
    GATEHOUSE_VERIFY_OK(hits);
    QCOMPARE(hits->hits.size(), 1);
    QCOMPARE(hits->next, 0);
    MessageRecord expected = stored->constFirst();
    expected.json.clear();
    QVERIFY(hits->hits.constFirst().message == expected);
    QCOMPARE(hits->hits.constFirst().sessionId, "s");
    QCOMPARE(hits->hits.constFirst().sessionTitle, QStringLiteral("Title"));
    QCOMPARE(hits->hits.constFirst().snippet, QStringLiteral("The answer is 42."));
}

QTEST_GUILESS_MAIN(TestSessionSearch)
#include "tst_session_search.moc"
