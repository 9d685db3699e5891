// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/qnam_reply.h"
#include "both_clients.h"
#include "raw_upstream.h"
#include "reply_log.h"

#include <QFile>
#include <QTest>
#include <QTimer>

using namespace gatehouse;

namespace {

/// Resident memory of this process, in KiB.
qint64 residentKiB()
{
    QFile file(QStringLiteral("/proc/self/statm"));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    return file.readAll().split(' ').value(1).toLongLong() * 4;
}

} // namespace

/// A reader that can't keep up.
class TestHttpClientPause : public QObject
{
    Q_OBJECT
public:
    explicit TestHttpClientPause(ClientMaker make)
        : m_client(make())
    {}

private Q_SLOTS:
    void holdsBackData();
    void boundsMemory();
    void thenEnd();
    void beforeTheHead();

private:
    std::unique_ptr<HttpClient> m_client;
};

void TestHttpClientPause::holdsBackData()
{
    QPointer<QTcpSocket> peer;
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        peer = &socket;
        socket.write(chunkedHead() + chunk("one"));
    });
    ReplyLog log(m_client->send(postTo(upstream.url(), true)));
    QTRY_COMPARE(log.body, QByteArray("one"));
    log.reply().pause();
    log.reply().pause();
    peer->write(chunk("two"));
    QTest::qWait(30);
    QCOMPARE(log.body, QByteArray("one"));
    log.reply().resume();
    QCOMPARE(log.body, QByteArray("one")); // Not from inside resume().
    QTRY_COMPARE(log.body, QByteArray("onetwo"));
    peer->write(chunk("three") + lastChunk);
    QTRY_COMPARE(log.story, QByteArray("hdf"));
    QCOMPARE(log.body, QByteArray("onetwothree"));
}

void TestHttpClientPause::boundsMemory()
{
    // As fast as the connection takes it, against a reader that stops. The system's own buffers hold up to
    // 36 MB, and some was read before the reader stopped.
    constexpr qint64 total = 120'000'000;
    const QByteArray piece(50'000, 'x');
    qint64 made = 0;
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(chunkedHead());
        const auto more = [&socket, &made, &piece] {
            while (made < total && socket.bytesToWrite() < 200'000) {
                made += piece.size();
                socket.write(chunk(piece));
                if (made == total)
                    socket.write(lastChunk);
            }
        };
        QObject::connect(&socket, &QTcpSocket::bytesWritten, &socket, more);
        more();
    });
    ReplyLog log(m_client->send(postTo(upstream.url(), true)));
    log.keepBody = false;
    QTRY_VERIFY(log.received > 0);
    log.reply().pause();
    const qint64 before = residentKiB();
    qint64 last = -1;
    QTRY_VERIFY_WITH_TIMEOUT(std::exchange(last, made) == made, 10'000); // Until the connection is full.
    QTest::qWait(200);
    QVERIFY2(made < total / 2, qPrintable(QString::number(made)));
    QVERIFY2(residentKiB() - before < 16'000, qPrintable(QString::number(residentKiB() - before)));
    const qint64 held = log.received;
    QTest::qWait(50);
    QCOMPARE(log.received, held);
    log.reply().resume();
    // A reader that stops and goes on all the time must not make the bound drift.
    connect(&log.reply(), &UpstreamReply::dataReceived, &log, [&] {
        log.reply().pause();
        QTimer::singleShot(0, &log, [&] { log.reply().resume(); });
    });
    QTRY_VERIFY_WITH_TIMEOUT(log.isOver(), 60'000);
    QCOMPARE(log.story, QByteArray("hdf"));
    QCOMPARE(log.received, total);
    QVERIFY2(log.largest <= 2 * QnamReply::readBufferSize, qPrintable(QString::number(log.largest)));
}

void TestHttpClientPause::thenEnd()
{
    QPointer<QTcpSocket> peer;
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        peer = &socket;
        socket.write(chunkedHead() + chunk("one"));
    });
    ReplyLog log(m_client->send(postTo(upstream.url(), true)));
    QTRY_COMPARE(log.body, QByteArray("one"));
    log.reply().pause();
    peer->write(chunk("two") + lastChunk);
    QTest::qWait(40);
    QCOMPARE(log.story, QByteArray("hd"));
    log.reply().resume();
    QTRY_COMPARE(log.story, QByteArray("hdf"));
    QCOMPARE(log.body, QByteArray("onetwo"));
}

void TestHttpClientPause::beforeTheHead()
{
    RawUpstream upstream(
        [](QTcpSocket &socket, const RawRequest &) { socket.write(httpAnswer("200 OK", "{}")); });
    ReplyLog log(m_client->send(postTo(upstream.url())));
    log.reply().pause();
    QTRY_COMPARE(upstream.requests, 1);
    QTest::qWait(20);
    QVERIFY(!log.story.contains('d'));
    QVERIFY(!log.isOver());
    log.reply().resume();
    QTRY_COMPARE(log.story, QByteArray("hdf"));
}

int main(int argc, char **argv)
{
    return testBothClients<TestHttpClientPause>(argc, argv);
}
#include "tst_http_client_pause.moc"
