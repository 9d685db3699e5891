// SPDX-License-Identifier: GPL-3.0-or-later
#include "both_clients.h"
#include "raw_upstream.h"
#include "reply_log.h"

#include <QRandomGenerator>
#include <QTest>
#include <QTimer>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

void answerOk(QTcpSocket &socket, const RawRequest &)
{
    socket.write(httpAnswer("200 OK", R"({"ok":true})"));
}

} // namespace

/// What a well-behaved upstream sees of the client, and the client of it. Both clients must behave alike.
class TestHttpClient : public QObject
{
    Q_OBJECT
public:
    explicit TestHttpClient(ClientMaker make)
        : m_client(make())
    {}

private Q_SLOTS:
    void answerWithLength();
    void requestAsSent();
    void forgedHeadersAreRefused();
    void getHasNoBody();
    void largeBodyArrivesWhole();
    void nothingIsToldBeforeSendReturns();
    void sequentialRequestsShareOneConnection();
    void parallelStreamsAreParallel();
    void connectionsAreReusedAfterAWave();
    void piecesArriveAsTheyCome();
    void errorStatusesAreAnswers_data();
    void errorStatusesAreAnswers();
    void redirectIsNotFollowed_data();
    void redirectIsNotFollowed();
    void compressedBodyIsLeftAlone();
    void cookiesAreForgotten();
    void cancelIsSeenAtOnce();
    void cancelInsideASignal();
    void nothingComesAfterCancel();
    void cancelAtRandomMoments();
    void idleConnectionThatWasClosedIsNoError();

private:
    std::unique_ptr<HttpClient> m_client;
};

void TestHttpClient::answerWithLength()
{
    RawUpstream upstream(answerOk);
    ReplyLog log(m_client->send(postTo(upstream.url())));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("hdf"));
    QCOMPARE(log.status, 200);
    QCOMPARE(log.contentType, QByteArray("application/json"));
    QCOMPARE(log.body, QByteArray(R"({"ok":true})"));
    QCOMPARE(log.reply().status(), 200);
    QCOMPARE(log.reply().header("Content-Length"), QByteArray("11")); // Still there after the end.
}

void TestHttpClient::requestAsSent()
{
    RawUpstream upstream(answerOk);
    UpstreamRequest request = postTo(upstream.url());
    request.url.setUserInfo(QStringLiteral("me:secret"));
    request.headers.emplaceBack("Authorization", "Bearer k");
    ReplyLog log(m_client->send(request));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(upstream.last.line, QByteArray("POST /v1/chat/completions HTTP/1.1"));
    QCOMPARE(upstream.last.body, request.body);
    const auto &headers = upstream.last.headers;
    QCOMPARE(headers.value("host"), "127.0.0.1:" + QByteArray::number(upstream.serverPort()));
    QCOMPARE(headers.value("user-agent"), QByteArray("Gatehouse/" GATEHOUSE_VERSION));
    QCOMPARE(headers.value("accept-encoding"), QByteArray("identity"));
    QCOMPARE(headers.value("authorization"), QByteArray("Bearer k"));
    QCOMPARE(headers.value("content-type"), QByteArray("application/json"));
    QVERIFY(!upstream.lastHead.contains("secret"));
    QVERIFY(!headers.contains("cookie"));
}

void TestHttpClient::forgedHeadersAreRefused()
{
    RawUpstream upstream(answerOk);
    const std::pair<QByteArray, QByteArray> forged[] = {
        {"Authorization", "Bearer k\r\nX-Forged: 1"}, {"X: 1\r\nX-Forged", "1"}, {"X\nY", "1"}, {"", "1"}};
    for (const auto &header : forged) {
        UpstreamRequest request = postTo(upstream.url());
        request.headers.append(header);
        ReplyLog log(m_client->send(request));
        QTRY_VERIFY(log.isOver());
        QCOMPARE(log.story, QByteArray("x"));
    }
    QCOMPARE(upstream.accepted, 0);
}

void TestHttpClient::getHasNoBody()
{
    RawUpstream upstream(answerOk);
    UpstreamRequest request;
    request.method = "GET";
    request.url = upstream.url("/v1/models");
    ReplyLog log(m_client->send(request));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(upstream.last.line, QByteArray("GET /v1/models HTTP/1.1"));
    QVERIFY(!upstream.last.headers.contains("content-length"));
}

void TestHttpClient::largeBodyArrivesWhole()
{
    RawUpstream upstream(answerOk);
    UpstreamRequest request = postTo(upstream.url());
    request.body.resize(5'000'000);
    for (qsizetype i = 0; i < request.body.size(); ++i)
        request.body[i] = static_cast<char>('a' + i % 23);
    ReplyLog log(m_client->send(request));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("hdf"));
    QVERIFY(upstream.last.body == request.body);
    QCOMPARE(upstream.requests, 1);
}

void TestHttpClient::nothingIsToldBeforeSendReturns()
{
    // The log connects after send() has returned: what came earlier would be missing from it.
    ReplyLog unknownScheme(m_client->send(postTo(QUrl(QStringLiteral("file:///etc/hostname")))));
    ReplyLog noHost(m_client->send(postTo(QUrl(QStringLiteral("http:///v1")))));
    QTRY_VERIFY(unknownScheme.isOver() && noHost.isOver());
    QCOMPARE(unknownScheme.story, QByteArray("x"));
    QCOMPARE(unknownScheme.error.code, ErrorCode::UpstreamUnreachable);
    QCOMPARE(noHost.story, QByteArray("x"));
}

void TestHttpClient::sequentialRequestsShareOneConnection()
{
    RawUpstream upstream(answerOk);
    for (int i = 0; i < 20; ++i) {
        ReplyLog log(m_client->send(postTo(upstream.url())));
        QTRY_VERIFY(log.isOver());
        QCOMPARE(log.story, QByteArray("hdf"));
    }
    QCOMPARE(upstream.requests, 20);
    QCOMPARE(upstream.accepted, 1);
}

void TestHttpClient::parallelStreamsAreParallel()
{
    // Each stream ends only once all of them have begun: a client that lets some wait would never finish.
    constexpr int streams = 24;
    QList<QTcpSocket *> waiting;
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(chunkedHead() + chunk("data: 1\n\n"));
        waiting.append(&socket);
        if (waiting.size() < streams)
            return;
        for (QTcpSocket *each : waiting)
            each->write(chunk("data: 2\n\n") + lastChunk);
    });
    std::vector<std::unique_ptr<ReplyLog>> logs;
    for (int i = 0; i < streams; ++i)
        logs.push_back(std::make_unique<ReplyLog>(m_client->send(postTo(upstream.url(), true))));
    for (const auto &log : logs) {
        QTRY_VERIFY(log->isOver());
        QCOMPARE(log->body, QByteArray("data: 1\n\ndata: 2\n\n"));
    }
    QCOMPARE(upstream.accepted, streams);
}

void TestHttpClient::connectionsAreReusedAfterAWave()
{
    RawUpstream upstream(answerOk);
    for (int wave = 0; wave < 3; ++wave) {
        std::vector<std::unique_ptr<ReplyLog>> logs;
        for (int i = 0; i < 10; ++i)
            logs.push_back(std::make_unique<ReplyLog>(m_client->send(postTo(upstream.url()))));
        for (const auto &log : logs)
            QTRY_VERIFY(log->isOver());
    }
    QCOMPARE(upstream.requests, 30);
    QVERIFY2(upstream.accepted <= 10, qPrintable(QString::number(upstream.accepted)));
}

void TestHttpClient::piecesArriveAsTheyCome()
{
    QPointer<QTcpSocket> peer;
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        peer = &socket;
        socket.write(chunkedHead());
    });
    ReplyLog log(m_client->send(postTo(upstream.url(), true)));
    QTRY_COMPARE(log.story, QByteArray("h"));
    for (int i = 0; i < 5; ++i) {
        peer->write(chunk("data: " + QByteArray::number(i) + "\n\n"));
        QTRY_COMPARE(log.received, 9 * (i + 1));
    }
    // A chunk that comes byte by byte.
    for (const char c : chunk("slow") + lastChunk) {
        peer->write(&c, 1);
        peer->flush();
        QTest::qWait(1);
    }
    QTRY_COMPARE(log.story, QByteArray("hdf"));
    QVERIFY(log.body.endsWith("4\n\nslow"));
}

void TestHttpClient::errorStatusesAreAnswers_data()
{
    QTest::addColumn<QByteArray>("status");
    for (const char *status :
         {"400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "405 No", "407 Proxy",
          "409 Conflict", "410 Gone", "413 Large", "418 Teapot", "422 Unprocessable", "429 Too Many",
          "500 Internal", "501 No", "502 Bad", "503 Busy", "504 Late", "529 Overloaded"})
        QTest::addRow("%.3s", status) << QByteArray(status);
}

void TestHttpClient::errorStatusesAreAnswers()
{
    QFETCH(const QByteArray, status);
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(httpAnswer(status, R"({"error":{"message":"no"}})", "application/json",
                                "Retry-After: 7\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"));
    });
    ReplyLog log(m_client->send(postTo(upstream.url())));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story, QByteArray("hdf"));
    QCOMPARE(log.status, status.first(3).toInt());
    QCOMPARE(log.body, QByteArray(R"({"error":{"message":"no"}})"));
    QCOMPARE(upstream.requests, 1);
}

void TestHttpClient::redirectIsNotFollowed_data()
{
    QTest::addColumn<QByteArray>("status");
    for (const char *status : {"301 Moved", "302 Found", "303 Other", "307 Temporary", "308 Permanent"})
        QTest::addRow("%.3s", status) << QByteArray(status);
}

void TestHttpClient::redirectIsNotFollowed()
{
    QFETCH(const QByteArray, status);
    RawUpstream elsewhere(answerOk);
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(
            httpAnswer(status, "moved", "text/plain", "Location: " + elsewhere.url().toEncoded() + "\r\n"));
    });
    ReplyLog log(m_client->send(postTo(upstream.url())));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.status, status.first(3).toInt());
    QVERIFY2(log.story == "hdf" || log.story == "hf", log.story.constData());
    QCOMPARE(elsewhere.accepted, 0);
    QCOMPARE(upstream.requests, 1);
}

void TestHttpClient::compressedBodyIsLeftAlone()
{
    const QByteArray gzip = QByteArray::fromHex("1f8b08000000000000034bcc4a040086cf0c5303000000");
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(httpAnswer("200 OK", gzip, "application/json", "Content-Encoding: gzip\r\n"));
    });
    ReplyLog log(m_client->send(postTo(upstream.url())));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.body, gzip);
    QCOMPARE(upstream.requests, 1);
}

void TestHttpClient::cookiesAreForgotten()
{
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(httpAnswer("200 OK", "{}", "application/json", "Set-Cookie: a=b\r\n"));
    });
    for (int i = 0; i < 2; ++i) {
        ReplyLog log(m_client->send(postTo(upstream.url())));
        QTRY_VERIFY(log.isOver());
        QVERIFY(!upstream.last.headers.contains("cookie"));
    }
}

void TestHttpClient::cancelIsSeenAtOnce()
{
    RawUpstream upstream(
        [&](QTcpSocket &socket, const RawRequest &) { socket.write(chunkedHead() + chunk("data: 1\n\n")); });
    for (const bool begun : {true, false}) {
        const int before = upstream.disconnected;
        ReplyLog log(m_client->send(postTo(upstream.url(), true)));
        if (begun)
            QTRY_COMPARE(log.story, QByteArray("hd"));
        else
            QTRY_COMPARE(upstream.requests, 2);
        const auto dropped = std::chrono::steady_clock::now();
        log.drop();
        QTRY_COMPARE(upstream.disconnected, before + 1);
        QVERIFY(upstream.lastDisconnect - dropped < 50ms);
    }
}

void TestHttpClient::cancelInsideASignal()
{
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(chunkedHead() + chunk("data: 1\n\n") + chunk("data: 2\n\n") + lastChunk);
    });
    for (const char moment : {'h', 'd', 'f'}) {
        UpstreamReplyPtr reply = m_client->send(postTo(upstream.url(), true));
        UpstreamReply *raw = reply.get();
        int after = 0;
        QPointer<UpstreamReply> alive(raw);
        const auto drop = [&] {
            after = reply ? after : after + 1;
            reply.reset();
        };
        if (moment == 'h')
            connect(raw, &UpstreamReply::headReceived, this, drop);
        else if (moment == 'd')
            connect(raw, &UpstreamReply::dataReceived, this, drop);
        else
            connect(raw, &UpstreamReply::finished, this, drop);
        QTRY_VERIFY(!alive);
        QCOMPARE(after, 0);
    }
}

void TestHttpClient::nothingComesAfterCancel()
{
    QPointer<QTcpSocket> peer;
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) { peer = &socket; });
    ReplyLog log(m_client->send(postTo(upstream.url())));
    QTRY_VERIFY(peer);
    peer->write(httpAnswer("200 OK", "{}"));
    peer->flush();
    log.reply().cancel();
    log.reply().cancel();
    log.reply().pause();
    log.reply().resume();
    QTest::qWait(20);
    QCOMPARE(log.story, QByteArray());
}

void TestHttpClient::cancelAtRandomMoments()
{
    // Streams of a few events, a millisecond apart, some of which end by a close; the client leaves whenever.
    QRandomGenerator random(1);
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(chunkedHead());
        auto *drip = new QTimer(&socket);
        QObject::connect(drip, &QTimer::timeout, &socket,
                         [&socket, drip, left = random.bounded(4)]() mutable {
                             socket.write(left-- > 0 ? chunk("data: x\n\n") : QByteArray(lastChunk));
                             if (left < 0 && drip->interval() % 2 == 0)
                                 socket.disconnectFromHost();
                             if (left < 0)
                                 drip->stop();
                         });
        drip->start(random.bounded(3));
    });
    constexpr int requests = 400;
    constexpr int atOnce = 20;
    std::vector<std::unique_ptr<ReplyLog>> running(atOnce);
    for (int i = 0; i < requests; ++i) {
        auto &log = running[static_cast<size_t>(i % atOnce)];
        const QByteArray before = log ? log->story : QByteArray();
        if (log && random.bounded(2) == 0) {
            log->drop();
            log->drop();
            QCOMPARE(log->story, before);
        }
        log = std::make_unique<ReplyLog>(m_client->send(postTo(upstream.url(), true)));
        if (random.bounded(4) == 0)
            log->reply().pause();
        if (random.bounded(3) == 0)
            QTest::qWait(random.bounded(3));
    }
    running.clear();
    QVERIFY(upstream.requests <= requests);
    // The client is none the worse for it.
    RawUpstream sound(answerOk);
    ReplyLog log(m_client->send(postTo(sound.url())));
    QTRY_COMPARE(log.story, QByteArray("hdf"));
}

void TestHttpClient::idleConnectionThatWasClosedIsNoError()
{
    QPointer<QTcpSocket> peer;
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &request) {
        peer = &socket;
        answerOk(socket, request);
    });
    for (int i = 0; i < 3; ++i) {
        ReplyLog log(m_client->send(postTo(upstream.url())));
        QTRY_VERIFY(log.isOver());
        QCOMPARE(log.story, QByteArray("hdf"));
        peer->disconnectFromHost();
    }
    QCOMPARE(upstream.requests, 3);
}

int main(int argc, char **argv)
{
    return testBothClients<TestHttpClient>(argc, argv);
}
#include "tst_http_client.moc"
