// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/text/answer_text.h"

#include <QTest>

using namespace gatehouse;

namespace {

const QByteArray replacement = "\xEF\xBF\xBD";

QByteArray decoded(const QList<QByteArray> &pieces)
{
    Utf8Assembler assembler;
    QByteArray text;
    for (const QByteArray &piece : pieces)
        text += assembler.push(piece);
    return text + assembler.finish();
}

/// What Qt's own decoder, which also replaces maximal ill-formed parts, makes of it.
QByteArray reference(const QByteArray &bytes)
{
    return QString::fromUtf8(bytes).toUtf8();
}

bool isValidUtf8(const QByteArray &text)
{
    return reference(text) == text;
}

} // namespace

class TestAnswerText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void wholeCodePointsWhereverTheBytesAreSplit()
    {
        const QByteArray text = "a\u00e9\u20ac\U0001F600z";
        for (qsizetype first = 0; first <= text.size(); ++first) {
            for (qsizetype second = first; second <= text.size(); ++second) {
                Utf8Assembler assembler;
                QByteArray joined;
                for (const QByteArray &part :
                     {text.first(first), text.sliced(first, second - first), text.sliced(second)}) {
                    const QByteArray piece = assembler.push(part);
                    QVERIFY(isValidUtf8(piece));
                    joined += piece;
                }
                QCOMPARE(joined, text);
                QCOMPARE(assembler.finish(), QByteArray());
            }
        }
    }

    void nothingIsHeldThatIsComplete()
    {
        Utf8Assembler assembler;
        QCOMPARE(assembler.push("\xE2"), QByteArray());
        QCOMPARE(assembler.push("\x82"), QByteArray());
        QCOMPARE(assembler.push("\xACx"), QByteArray("\u20acx"));
    }

    void illFormedBytes_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("text");
        const QByteArray r = replacement;
        QTest::newRow("continuation alone") << QByteArray("a\x80z") << "a" + r + "z";
        QTest::newRow("overlong") << QByteArray("\xC0\xAF") << r + r;
        QTest::newRow("overlong, three bytes") << QByteArray("\xE0\x80\xAF") << r + r + r;
        QTest::newRow("surrogate") << QByteArray("\xED\xA0\x80") << r + r + r;
        QTest::newRow("above U+10FFFF") << QByteArray("\xF4\x90\x80\x80") << r + r + r + r;
        QTest::newRow("never a first byte") << QByteArray("\xFF\xFE") << r + r;
        QTest::newRow("cut by ASCII") << QByteArray("\xF0\x9F\x98z") << r + "z";
        QTest::newRow("cut by another") << QByteArray("\xF0\x9F\xC3\xA9") << r + "\u00e9";
        QTest::newRow("cut by the end") << QByteArray("a\xF0\x9F\x98") << "a" + r;
    }

    void illFormedBytes()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, text);
        QCOMPARE(decoded({bytes}), text);
        QList<QByteArray> single;
        for (const char byte : bytes)
            single.append(QByteArray(1, byte));
        QCOMPARE(decoded(single), text);
    }

    void anyTwoBytesGiveValidText()
    {
        for (int first = 0; first < 256; ++first) {
            for (int second = 0; second < 256; ++second) {
                const QByteArray bytes{QByteArray(1, char(first)) + char(second)};
                QVERIFY(isValidUtf8(decoded({bytes})));
                QCOMPARE(decoded({bytes.first(1), bytes.last(1)}), decoded({bytes}));
            }
        }
    }

    void stopsBeforeTheStopStringHoweverItIsSplit()
    {
        const QByteArray said = "one two END three";
        for (qsizetype size = 1; size <= said.size(); ++size) {
            StopMatcher matcher({"END"});
            QByteArray seen;
            for (qsizetype at = 0; at < said.size(); at += size)
                seen += matcher.push(QByteArrayView(said).sliced(at, std::min(size, said.size() - at)));
            QVERIFY(matcher.matched());
            QCOMPARE(seen, QByteArray("one two "));
            QCOMPARE(matcher.finish(), QByteArray());
        }
    }

    void neverShowsAPartOfAStopString()
    {
        StopMatcher matcher({"</s>", "<|end|>"});
        QCOMPARE(matcher.push("a<"), QByteArray("a"));
        QCOMPARE(matcher.push("|en"), QByteArray());
        QCOMPARE(matcher.push("emy"), QByteArray("<|enemy"));
        QCOMPARE(matcher.push("<|end|"), QByteArray());
        QCOMPARE(matcher.finish(), QByteArray("<|end|"));
        QVERIFY(!matcher.matched());
    }

    void theFirstOfSeveralStopsWins()
    {
        StopMatcher matcher({"beta", "alpha"});
        QCOMPARE(matcher.push("1 alpha 2 beta"), QByteArray("1 "));
        StopMatcher nested({"aab", "ab"});
        QCOMPARE(nested.push("xa"), QByteArray("x"));
        QCOMPARE(nested.push("a"), QByteArray()); // "aa" may become "aab"
        QCOMPARE(nested.push("b"), QByteArray());
        QVERIFY(nested.matched());
    }

    void repeatedBeginningsAreNotLost()
    {
        StopMatcher matcher({"aab"});
        QByteArray seen;
        for (const char c : QByteArray("aaaaab!"))
            seen += matcher.push(QByteArrayView(&c, 1));
        QCOMPARE(seen, QByteArray("aaa"));
        QVERIFY(matcher.matched());
    }

    void emptyStopStringsStopNothing()
    {
        StopMatcher matcher({QByteArray(), QByteArray()});
        QCOMPARE(matcher.push("text"), QByteArray("text"));
        QVERIFY(!matcher.matched());
    }

    void logprobsComeWithTheTextTheyBelongTo()
    {
        AnswerText text({"STOP"});
        const auto token = [](const char *bytes) {
            return TokenLogprob{.token = bytes, .logprob = -1};
        };
        AnswerText::Piece piece = text.push("ab", token("ab"));
        QCOMPARE(piece.text, QByteArray("ab"));
        QCOMPARE(piece.logprobs.size(), 1);
        piece = text.push("\xC3", token("\xC3"));
        QVERIFY(piece.text.isEmpty() && piece.logprobs.isEmpty());
        piece = text.push("\xA9", token("\xA9"));
        QCOMPARE(piece.text, QByteArray("\u00e9"));
        QCOMPARE(piece.logprobs.size(), 2);
        piece = text.push("ST", token("ST"));
        QVERIFY(piece.logprobs.isEmpty());
        piece = text.push("OP", token("OP"));
        QVERIFY(text.stopped());
        QVERIFY(piece.text.isEmpty() && piece.logprobs.isEmpty());
        QVERIFY(text.finish().logprobs.isEmpty());
    }

    void whatIsHeldComesAtTheEnd()
    {
        AnswerText text({"STOP"});
        QVERIFY(text.push("xST", TokenLogprob{.token = "xST"}).logprobs.isEmpty());
        const AnswerText::Piece piece = text.finish();
        QCOMPARE(piece.text, QByteArray("ST"));
        QCOMPARE(piece.logprobs.size(), 1);
    }
};

QTEST_GUILESS_MAIN(TestAnswerText)
#include "tst_answer_text.moc"
