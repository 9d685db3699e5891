// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/behaviour.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::fakes;
using namespace std::chrono_literals;

class TestBehaviour : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsEveryOption();
    void keepsWhatIsNotNamed();
    void sizeBecomesTokens();
    void refusesMistakes_data();
    void refusesMistakes();
    void tokensHaveTheirSize();
};

void TestBehaviour::readsEveryOption()
{
    const Result<Behaviour> read = parseBehaviour(
        "tokens=5, "
        "token_bytes=9,reasoning=2,tools=1,prompt_tokens=3,embedding_size=4,usage=off,head_delay=10,"
        "first_delay=20,interval=2.5,framing=close,chunk=7,drip=1,comments=on,whole=on,status=429,"
        "retry_after=6,code=busy,fault=stall@3");
    QVERIFY(read);
    QCOMPARE(read->tokens, 5);
    QCOMPARE(read->tokenBytes, 9);
    QCOMPARE(read->reasoningTokens, 2);
    QCOMPARE(read->toolCalls, 1);
    QCOMPARE(read->promptTokens, 3);
    QCOMPARE(read->embeddingSize, 4);
    QCOMPARE(read->usage, UsageReport::Never);
    QCOMPARE(read->headDelay, 10ms);
    QCOMPARE(read->firstTokenDelay, 20ms);
    QCOMPARE(read->interval, 2500us);
    QCOMPARE(read->framing, Framing::Close);
    QCOMPARE(read->chunkBytes, 7);
    QCOMPARE(read->drip, 1ms);
    QVERIFY(read->comments);
    QVERIFY(read->whole);
    QCOMPARE(read->status, 429);
    QCOMPARE(read->retryAfterSeconds, 6);
    QCOMPARE(read->errorCode, QByteArray("busy"));
    QVERIFY(read->fault.is(Fault::Kind::Stall));
    QCOMPARE(read->fault.after, 3);
}

void TestBehaviour::keepsWhatIsNotNamed()
{
    const Behaviour base{.tokens = 9, .promptTokens = 11};
    const Result<Behaviour> read = parseBehaviour("tokens=1,fault=reset", base);
    QVERIFY(read);
    QCOMPARE(read->tokens, 1);
    QCOMPARE(read->promptTokens, 11);
    QCOMPARE(read->fault.after, Fault::BeforeHead);
    QCOMPARE(parseBehaviour("", base)->tokens, 9);
    QCOMPARE(parseBehaviour("speed=100")->interval, 10'000us);
}

void TestBehaviour::sizeBecomesTokens()
{
    const Result<Behaviour> read = parseBehaviour("size=50M");
    QVERIFY(read);
    QCOMPARE(qint64(read->tokens) * read->tokenBytes, qint64(50) * 1024 * 1024);
    QCOMPARE(parseBehaviour("token_bytes=100,size=1K")->tokens, 11);
}

void TestBehaviour::refusesMistakes_data()
{
    QTest::addColumn<QByteArray>("specification");
    QTest::newRow("unknown option") << QByteArray("tokns=5");
    QTest::newRow("unknown fault") << QByteArray("fault=stal");
    QTest::newRow("no value") << QByteArray("tokens");
    QTest::newRow("no number") << QByteArray("tokens=many");
    QTest::newRow("negative") << QByteArray("tokens=-1");
    QTest::newRow("fault at no number") << QByteArray("fault=stall@x");
    QTest::newRow("endless delay") << QByteArray("head_delay=1e300");
    QTest::newRow("no speed") << QByteArray("speed=0");
    QTest::newRow("no framing") << QByteArray("framing=loose");
    QTest::newRow("a mistake after good ones") << QByteArray("tokens=1,usage=maybe");
}

void TestBehaviour::refusesMistakes()
{
    QFETCH(const QByteArray, specification);
    const Result<Behaviour> read = parseBehaviour(specification);
    QVERIFY(!read);
    QCOMPARE(read.error().code, ErrorCode::InvalidRequest);
}

void TestBehaviour::tokensHaveTheirSize()
{
    Behaviour behaviour{.tokens = 3};
    QCOMPARE(behaviour.text(), QByteArray("w0 w1 w2 "));
    behaviour.tokenBytes = 10;
    QCOMPARE(behaviour.text().size(), 30);
    QVERIFY(behaviour.tokenText(2).startsWith("w2x"));
}

QTEST_GUILESS_MAIN(TestBehaviour)
#include "tst_behaviour.moc"
