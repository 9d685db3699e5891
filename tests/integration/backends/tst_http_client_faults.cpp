// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/qnam_reply.h"
#include "both_clients.h"
#include "raw_upstream.h"
#include "reply_log.h"

#include <QTest>
#include <QTimer>

#include <sys/socket.h>

using namespace gatehouse;
using namespace std::chrono_literals;

// OpenSSL keeps an error state for each thread that had a failed handshake, and QNetworkAccessManager's
// thread ends after the last moment at which it would free it.
extern "C" const char *__lsan_default_suppressions();
extern "C" const char *__lsan_default_suppressions()
{
    return "leak:libcrypto";
}

namespace {

void closeAfter(QTcpSocket &socket, const QByteArray &bytes)
{
    socket.write(bytes);
    socket.disconnectFromHost();
}

/// RST instead of FIN.
void reset(QTcpSocket &socket)
{
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(static_cast<int>(socket.socketDescriptor()), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    socket.abort();
}

} // namespace

/// What an upstream can do wrong, and how long it may take. Both clients must behave alike.
class TestHttpClientFaults : public QObject
{
    Q_OBJECT
public:
    explicit TestHttpClientFaults(ClientMaker make)
        : m_make(make)
        , m_client(make())
    {}

private Q_SLOTS:
    void nobodyListens();
    void nobodyAccepts();
    void noTls();
    void silenceBeforeTheAnswer_data();
    void silenceBeforeTheAnswer();
    void silenceInTheMiddle();
    void slowDripIsAStream();
    void slowDripOfAFoldedAnswer();
    void pausedReaderIsNotSilence();
    void requestThatIsNotTaken();
    void closedWithoutAnAnswer_data();
    void closedWithoutAnAnswer();
    void usedConnectionIsTriedOnceMore();
    void aServerThatMayHaveDiedOfARequestWasReached();
    void brokenOff_data();
    void brokenOff();
    void endedByClose();
    void interimAnswer();
    void answerTooLarge();
    void oddFramingEnds_data();
    void oddFramingEnds();

private:
    ClientMaker m_make;
    std::unique_ptr<HttpClient> m_client;
};

void TestHttpClientFaults::nobodyListens()
{
    auto upstream = std::make_unique<RawUpstream>(nullptr);
    UpstreamRequest request = postTo(upstream->url());
    request.url.setUserInfo(QStringLiteral("me:secret"));
    upstream.reset();
    ReplyLog log(m_client->send(request));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("x"));
    QCOMPARE(log.error.code, ErrorCode::UpstreamUnreachable);
    QVERIFY2(log.error.detail.contains(QStringLiteral("127.0.0.1:")), qPrintable(log.error.detail));
    QVERIFY(!log.error.detail.contains(QStringLiteral("secret")));
    QVERIFY(!log.error.message.contains(QStringLiteral("127.0.0.1")));
}

void TestHttpClientFaults::nobodyAccepts()
{
    // Linux drops the SYN once a listener's queue is full.
    QTcpServer server;
    server.setListenBacklogSize(1);
    QVERIFY(server.listen(QHostAddress::LocalHost));
    server.pauseAccepting();
    std::vector<std::unique_ptr<QTcpSocket>> queue;
    for (int i = 0; i < 4; ++i) {
        queue.push_back(std::make_unique<QTcpSocket>());
        queue.back()->connectToHost(QHostAddress::LocalHost, server.serverPort());
    }
    QTRY_COMPARE(queue.front()->state(), QAbstractSocket::ConnectedState);
    UpstreamRequest request = postTo(QUrl(QStringLiteral("http://127.0.0.1:%1/v1").arg(server.serverPort())));
    request.timeouts.connect = 60ms;
    ReplyLog log(m_client->send(request));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("x"));
    QCOMPARE(log.error.code, ErrorCode::UpstreamTimeout);
    QVERIFY2(log.error.message.contains(QStringLiteral("0.06 s")), qPrintable(log.error.message));
}

void TestHttpClientFaults::noTls()
{
    RawUpstream upstream(nullptr);
    connect(&upstream, &QTcpServer::newConnection, this, [&] {
        for (QTcpSocket *socket : upstream.findChildren<QTcpSocket *>())
            closeAfter(*socket, "HTTP/1.1 400 This is no TLS\r\n\r\n");
    });
    UpstreamRequest request = postTo(upstream.url());
    request.url.setScheme(QStringLiteral("https"));
    ReplyLog log(m_client->send(request));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("x"));
    QCOMPARE(log.error.code, ErrorCode::UpstreamUnreachable);
}

void TestHttpClientFaults::silenceBeforeTheAnswer_data()
{
    QTest::addColumn<bool>("streaming");
    QTest::addColumn<QByteArray>("sent");
    QTest::addRow("folded, nothing") << false << QByteArray();
    QTest::addRow("stream, nothing") << true << QByteArray();
    QTest::addRow("stream, half a head") << true << QByteArray("HTTP/1.1 200 OK\r\nContent-Ty");
    QTest::addRow("stream, a head") << true << chunkedHead();
}

void TestHttpClientFaults::silenceBeforeTheAnswer()
{
    QFETCH(const bool, streaming);
    QFETCH(const QByteArray, sent);
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) { socket.write(sent); });
    UpstreamRequest request = postTo(upstream.url(), streaming);
    request.timeouts.read = 20ms; // Bounds silence only once the answer has begun.
    request.timeouts.total = 120ms;
    QElapsedTimer timer;
    timer.start();
    ReplyLog log(m_client->send(request));
    QTRY_VERIFY(log.isOver());
    QVERIFY(timer.elapsed() >= 110);
    QVERIFY(log.story.endsWith('x'));
    QCOMPARE(log.error.code, ErrorCode::UpstreamTimeout);
    QVERIFY2(log.error.message.contains(QStringLiteral("0.12 s")), qPrintable(log.error.message));
    QTRY_COMPARE(upstream.open, 0);
    QCOMPARE(upstream.requests, 1);
}

void TestHttpClientFaults::silenceInTheMiddle()
{
    RawUpstream upstream(
        [&](QTcpSocket &socket, const RawRequest &) { socket.write(chunkedHead() + chunk("data: 1\n\n")); });
    UpstreamRequest request = postTo(upstream.url(), true);
    request.timeouts.read = 60ms;
    ReplyLog log(m_client->send(request));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("hdx"));
    QCOMPARE(log.error.code, ErrorCode::UpstreamTimeout);
    QTRY_COMPARE(upstream.open, 0);
}

void TestHttpClientFaults::slowDripIsAStream()
{
    // Longer than `total`, never silent for `read`.
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(chunkedHead());
        auto *drip = new QTimer(&socket);
        QObject::connect(drip, &QTimer::timeout, &socket, [&socket, drip, left = 20]() mutable {
            socket.write(chunk("x"));
            if (--left > 0)
                return;
            drip->stop();
            socket.write(lastChunk);
        });
        drip->start(10ms);
    });
    UpstreamRequest request = postTo(upstream.url(), true);
    request.timeouts.read = 100ms;
    request.timeouts.total = 100ms;
    ReplyLog log(m_client->send(request));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("hdf"));
    QCOMPARE(log.received, 20);

    request.timeouts.totalBoundsStreams = true;
    ReplyLog bounded(m_client->send(request));
    QTRY_VERIFY(bounded.isOver());
    QCOMPARE(bounded.story, QByteArray("hdx"));
    QCOMPARE(bounded.error.code, ErrorCode::UpstreamTimeout);
}

void TestHttpClientFaults::slowDripOfAFoldedAnswer()
{
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        auto *drip = new QTimer(&socket);
        QObject::connect(drip, &QTimer::timeout, &socket, [&socket] { socket.write("x"); });
        drip->start(5ms);
    });
    UpstreamRequest request = postTo(upstream.url());
    request.timeouts.total = 100ms;
    ReplyLog log(m_client->send(request));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("hdx"));
    QCOMPARE(log.error.code, ErrorCode::UpstreamTimeout);
}

void TestHttpClientFaults::pausedReaderIsNotSilence()
{
    RawUpstream upstream(
        [&](QTcpSocket &socket, const RawRequest &) { socket.write(chunkedHead() + chunk("one")); });
    UpstreamRequest request = postTo(upstream.url(), true);
    request.timeouts.read = 60ms;
    ReplyLog log(m_client->send(request));
    QTRY_COMPARE(log.body, QByteArray("one"));
    log.reply().pause();
    QTest::qWait(150);
    QCOMPARE(log.story, QByteArray("hd"));
    log.reply().resume();
    QTRY_COMPARE(log.story, QByteArray("hdx"));
    QCOMPARE(log.error.code, ErrorCode::UpstreamTimeout);
}

void TestHttpClientFaults::requestThatIsNotTaken()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    connect(&server, &QTcpServer::newConnection, this,
            [&] { server.nextPendingConnection()->setReadBufferSize(1); });
    UpstreamRequest request = postTo(QUrl(QStringLiteral("http://127.0.0.1:%1/v1").arg(server.serverPort())));
    request.body.fill('x', 16 * 1024 * 1024);
    request.timeouts.write = 80ms;
    ReplyLog log(m_client->send(request));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("x"));
    QCOMPARE(log.error.code, ErrorCode::UpstreamTimeout);
    QVERIFY2(log.error.message.contains(QStringLiteral("0.08 s")), qPrintable(log.error.message));
}

void TestHttpClientFaults::closedWithoutAnAnswer_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addRow("nothing, FIN") << QByteArray("");
    QTest::addRow("nothing, RST") << QByteArray();
    QTest::addRow("half a status line") << QByteArray("HTTP/1.1 2");
    QTest::addRow("half a head") << QByteArray("HTTP/1.1 200 OK\r\nContent-Type: text/ev");
    QTest::addRow("another protocol") << QByteArray("SSH-2.0-OpenSSH_9.2p1\r\n");
    QTest::addRow("bad status") << QByteArray("HTTP/1.1 abc\r\n\r\n");
    QTest::addRow("binary") << QByteArray(300, '\0');
}

void TestHttpClientFaults::closedWithoutAnAnswer()
{
    QFETCH(const QByteArray, sent);
    const auto client = m_make(); // With no connection from before.
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        if (sent.isNull())
            reset(socket);
        else
            closeAfter(socket, sent);
    });
    ReplyLog log(client->send(postTo(upstream.url())));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("x"));
    QCOMPARE(log.error.code, ErrorCode::UpstreamFailed);
    QTest::qWait(20);
    QCOMPARE(upstream.requests, 1); // A model must not be asked twice.
}

void TestHttpClientFaults::usedConnectionIsTriedOnceMore()
{
    int answers = 1;
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        if (answers-- > 0)
            socket.write(httpAnswer("200 OK", "{}"));
        else
            socket.disconnectFromHost();
    });
    const auto story = [&] {
        ReplyLog log(m_client->send(postTo(upstream.url())));
        (void)QTest::qWaitFor([&] { return log.isOver(); });
        return log.story;
    };
    QCOMPARE(story(), QByteArray("hdf"));
    // The second request finds its connection used before and closing: it goes out once more, and no more.
    QCOMPARE(story(), QByteArray("x"));
    QCOMPARE(upstream.requests, 3);
}

// As the next one may, it doesn't count as one that was never asked.
void TestHttpClientFaults::aServerThatMayHaveDiedOfARequestWasReached()
{
    int answers = 1;
    QTcpServer *server = nullptr;
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        if (answers-- > 0) {
            socket.write(httpAnswer("200 OK", "{}"));
            return;
        }
        server->close();
        socket.disconnectFromHost();
    });
    server = &upstream;
    const QUrl url = upstream.url();
    ReplyLog first(m_client->send(postTo(url)));
    QTRY_VERIFY(first.isOver());
    ReplyLog second(m_client->send(postTo(url)));
    QTRY_VERIFY(second.isOver());
    QCOMPARE(second.story, QByteArray("x"));
    if (m_make != &makeQnam) // Which doesn't tell how often it has tried.
        QCOMPARE(second.error.code, ErrorCode::UpstreamFailed);
}

void TestHttpClientFaults::brokenOff_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addRow("length") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly so much");
    QTest::addRow("long length") << QByteArray(
        "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nonly so much");
    QTest::addRow("no bytes of it") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    QTest::addRow("inside a chunk") << chunkedHead() + "64\r\nhalf of i";
    QTest::addRow("between chunks") << chunkedHead() + chunk("data: 1\n\n");
    QTest::addRow("before any chunk") << chunkedHead();
    QTest::addRow("inside a chunk's size") << chunkedHead() + chunk("data: 1\n\n") + "6";
    QTest::addRow("error status") << QByteArray("HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\n{\"err");
}

void TestHttpClientFaults::brokenOff()
{
    QFETCH(const QByteArray, sent);
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) { closeAfter(socket, sent); });
    ReplyLog log(m_client->send(postTo(upstream.url(), true)));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(upstream.requests, 1);
    // QNetworkAccessManager can't always tell, see QnamReply::isCutShort().
    const bool mayLookComplete = m_make == &makeQnam && sent.startsWith(chunkedHead());
    if (mayLookComplete && log.story.endsWith('f'))
        return;
    QVERIFY2(log.story == "hdx" || log.story == "hx", log.story.constData());
    QCOMPARE(log.error.code, ErrorCode::UpstreamFailed);
}

void TestHttpClientFaults::endedByClose()
{
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        closeAfter(socket, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end");
    });
    ReplyLog log(m_client->send(postTo(upstream.url())));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("hdf"));
    QCOMPARE(log.body, QByteArray("until the end"));
}

void TestHttpClientFaults::interimAnswer()
{
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write("HTTP/1.1 100 Continue\r\n\r\n" + httpAnswer("200 OK", "{}"));
    });
    ReplyLog log(m_client->send(postTo(upstream.url())));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("hdf"));
    QCOMPARE(log.status, 200);
}

void TestHttpClientFaults::answerTooLarge()
{
    const QByteArray piece(1'000'000, 'x');
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(chunkedHead("application/json"));
        const auto more = [&socket, &piece] {
            while (socket.bytesToWrite() < 1'000'000)
                socket.write(chunk(piece));
        };
        QObject::connect(&socket, &QTcpSocket::bytesWritten, &socket, more);
        more();
    });
    ReplyLog log(m_client->send(postTo(upstream.url())));
    log.keepBody = false;
    QTRY_VERIFY_WITH_TIMEOUT(log.isOver(), 60'000);
    QCOMPARE(log.story, QByteArray("hdx"));
    QCOMPARE(log.error.code, ErrorCode::UpstreamFailed);
    QVERIFY(log.received <= QnamReply::maxFoldedBytes);
    QTRY_COMPARE(upstream.open, 0);
}

void TestHttpClientFaults::oddFramingEnds_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addRow("bad chunk size") << chunkedHead() + chunk("one") + "zz\r\nwhat?\r\n0\r\n\r\n";
    QTest::addRow("negative chunk size") << chunkedHead() + chunk("one") + "-5\r\nwhat?\r\n0\r\n\r\n";
    QTest::addRow("huge chunk size") << chunkedHead() + chunk("one") + "fffffffffffffffff\r\nwhat?\r\n";
    QTest::addRow("two lengths") << QByteArray(
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde");
    QTest::addRow("bad length") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: much\r\n\r\nabcde");
    QTest::addRow("more than the length") << httpAnswer("200 OK", "{}") + "and more";
}

// QNetworkAccessManager takes some broken framing for an end. Whether the answer is whole is for its reader
// to see; here it must end, and must not spoil the next answer.
void TestHttpClientFaults::oddFramingEnds()
{
    QFETCH(const QByteArray, sent);
    bool odd = true;
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        if (std::exchange(odd, false))
            closeAfter(socket, sent);
        else
            socket.write(httpAnswer("200 OK", "next"));
    });
    UpstreamRequest request = postTo(upstream.url(), true);
    request.timeouts.read = 500ms;
    ReplyLog log(m_client->send(request));
    QTRY_VERIFY(log.isOver());
    ReplyLog next(m_client->send(request));
    QTRY_VERIFY(next.isOver());
    QCOMPARE(next.body, QByteArray("next"));
}

int main(int argc, char **argv)
{
    return testBothClients<TestHttpClientFaults>(argc, argv);
}
#include "tst_http_client_faults.moc"
