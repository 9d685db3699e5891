// SPDX-License-Identifier: GPL-3.0-or-later
// Whoever announces a large body is known before a byte of it is read: the door asks the endpoint between a
// request's head and its body.
#include "integration/door/raw_client.h"
#include "integration/door/running_door.h"

#include <QElapsedTimer>
#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr qsizetype mebibyte = 1024 * 1024;
constexpr qsizetype small = 64 * 1024; // Up to this length a body is read unasked.

const QByteArray sesame = "X-Api-Key: sesame\r\n";
const QByteArray chunked = "Transfer-Encoding: chunked\r\n";
const QByteArray expecting = "Expect: 100-continue\r\n";

QByteArray lengthField(qsizetype length)
{
    return "Content-Length: " + QByteArray::number(length) + "\r\n";
}

QByteArray head(const QByteArray &target, const QByteArray &fields, const QByteArray &method = "POST",
                const QByteArray &version = "1.1")
{
    return method + ' ' + target + " HTTP/" + version + "\r\nHost: door\r\n" + fields + "\r\n";
}

QByteArray asChunks(const QByteArray &body)
{
    return QByteArray::number(body.size(), 16) + "\r\n" + body + "\r\n0\r\n\r\n";
}

/// Waits for a body for longer than the tests' client waits for an answer: a 408 can't be what it gets.
ServerSettings patientDoor()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.bodyTimeout = 60s;
    return settings;
}

} // namespace

class DoorHeadCheckTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void refusedAtOnceWithoutTheBody_data();
    void refusedAtOnceWithoutTheBody();
    void refusalReachesWhoGoesOnSending();
    void whatHidesBehindIsNotServed();
    void admittedBodyArrivesWhole_data();
    void admittedBodyArrivesWhole();
    void continueIsSaidOnceAdmitted();
    void smallBodyIsNotAskedFor_data();
    void smallBodyIsNotAskedFor();
    void requestsBehindAnAdmittedOneAreServed();
    void endpointWithoutCheckTakesEverybody();
    void checkSeesTheHead();
    void doorsOwnRefusalsComeFirst_data();
    void doorsOwnRefusalsComeFirst();
};

void DoorHeadCheckTest::refusedAtOnceWithoutTheBody_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("endpoint");
    QTest::addColumn<int>("checks");
    const auto row = [](const char *name, const QByteArray &bytes, int status = 401,
                        const QByteArray &endpoint = "/upload/{name}", int checks = 1) {
        QTest::newRow(name) << bytes << status << endpoint << checks;
    };
    row("16 MiB announced", head("/upload/a", lengthField(16 * mebibyte)));
    row("just over small", head("/upload/a", lengthField(small + 1)));
    row("begun", head("/upload/a", lengthField(16 * mebibyte)) + QByteArray(1000, 'b'));
    row("16 MiB expected", head("/upload/a", lengthField(16 * mebibyte) + expecting));
    row("small, expected", head("/upload/a", lengthField(4) + expecting));
    row("small, expected, sent", head("/upload/a", lengthField(4) + expecting) + "body");
    row("chunked", head("/upload/a", chunked));
    row("chunked, expected", head("/upload/a", chunked + expecting));
    row("chunked, whole and small", head("/upload/a", chunked) + asChunks("body"));
    row("HTTP/1.0", head("/upload/a", lengthField(mebibyte), "POST", "1.0"));
    row("wrong key", head("/upload/a", lengthField(mebibyte) + "X-Api-Key: simsim\r\n"), 403);
    row("unknown path", head("/nowhere", lengthField(mebibyte)), 404, "", 0);
    row("unknown path, chunked", head("/nowhere", chunked), 404, "", 0);
    row("unknown path, expected", head("/nowhere", lengthField(4) + expecting), 404, "", 0);
    row("wrong method", head("/upload/a", lengthField(mebibyte), "PUT"), 405, "", 0);
    row("malformed parameter", head("/upload/%zz", lengthField(mebibyte)), 400, "/upload/{name}", 0);
    row("WebSocket only", head("/ws/echo", lengthField(mebibyte)), 426, "/ws/echo", 0);
}

void DoorHeadCheckTest::refusedAtOnceWithoutTheBody()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, status);
    QFETCH(QByteArray, endpoint);
    QFETCH(int, checks);
    RunningDoor door(patientDoor());
    RawClient client(door.port());
    QVERIFY(client.send(bytes));
    const Answer answer = client.receive(); // No 100 first.
    QCOMPARE(answer.status, status);
    QVERIFY(answer.complete);
    QCOMPARE(answer.field("connection"), QByteArray("close"));
    QVERIFY2(answer.body.contains("\"endpoint\":\"" + endpoint + '"'), answer.body.constData());
    QCOMPARE(client.receiveAll(), QByteArray());
    QVERIFY(!client.wasReset());
    QCOMPARE(door.seen().headChecks, checks);
    QCOMPARE(door.seen().served, 0);
    QCOMPARE(door.seen().refused, 1);
    QCOMPARE(door.seen().vagueRefusals, 0);
}

void DoorHeadCheckTest::refusalReachesWhoGoesOnSending()
{
    RunningDoor door(patientDoor());
    RawClient client(door.port());
    client.send(head("/upload/a", lengthField(16 * mebibyte)) + QByteArray(16 * mebibyte, 'b'));
    const Answer answer = client.receive();
    QCOMPARE(answer.status, 401);
    QVERIFY(answer.complete);
    client.shutdownWrite();
    QCOMPARE(client.receiveAll(), QByteArray());
    QVERIFY(!client.wasReset());
    QCOMPARE(door.seen().refused, 1);
}

void DoorHeadCheckTest::whatHidesBehindIsNotServed()
{
    const QByteArray hidden = get("/hello");
    for (const QByteArray &bytes :
         {head("/upload/a", lengthField(mebibyte)) + hidden, head("/upload/a", chunked) + hidden,
          head("/upload/a", chunked) + asChunks("body") + hidden,
          head("/upload/a", lengthField(4) + expecting) + "body" + hidden,
          get("/hello") + head("/upload/a", lengthField(mebibyte)) + hidden}) {
        RunningDoor door(patientDoor());
        RawClient client(door.port());
        QVERIFY(client.send(bytes));
        if (bytes.startsWith("GET"))
            QCOMPARE(client.receive().body, QByteArray("hello\n"));
        QCOMPARE(client.receive().status, 401);
        QCOMPARE(client.receiveAll(), QByteArray());
        QCOMPARE(door.seen().served, bytes.startsWith("GET") ? 1 : 0);
        QCOMPARE(door.seen().refused, 1);
        QCOMPARE(door.seen().headChecks, 1);
    }
}

void DoorHeadCheckTest::admittedBodyArrivesWhole_data()
{
    QTest::addColumn<bool>("isChunked");
    QTest::addColumn<qsizetype>("size");
    QTest::newRow("just over small") << false << small + 1;
    QTest::newRow("16 MiB") << false << 16 * mebibyte;
    QTest::newRow("chunked") << true << 3 * mebibyte;
    QTest::newRow("chunked, small") << true << qsizetype(4);
}

void DoorHeadCheckTest::admittedBodyArrivesWhole()
{
    QFETCH(bool, isChunked);
    QFETCH(qsizetype, size);
    RunningDoor door;
    RawClient client(door.port());
    const QByteArray body(size, 'b');
    QVERIFY(client.send(isChunked ? head("/upload/a", sesame + chunked) + asChunks(body)
                                  : head("/upload/a", sesame + lengthField(size)) + body));
    const Answer answer = client.receive();
    QCOMPARE(answer.status, 200);
    QCOMPARE(answer.body, QByteArray::number(size));
    QCOMPARE(answer.field("connection"), QByteArray("keep-alive"));
    QCOMPARE(door.seen().headChecks, 1); // However many pieces the body came in.
    QCOMPARE(door.seen().served, 1);
    QCOMPARE(door.seen().refused, 0);
}

void DoorHeadCheckTest::continueIsSaidOnceAdmitted()
{
    RunningDoor door;
    RawClient client(door.port());
    const QByteArray body(mebibyte, 'b');
    QVERIFY(client.send(head("/upload/a", sesame + expecting + lengthField(body.size()))));
    QCOMPARE(client.receiveBytes(5s, 25), QByteArray("HTTP/1.1 100 Continue\r\n\r\n"));
    QCOMPARE(door.seen().headChecks, 1);
    QCOMPARE(door.seen().served, 0);
    QVERIFY(client.send(body));
    QCOMPARE(client.receive().body, QByteArray::number(body.size()));
    QCOMPARE(door.seen().headChecks, 1);
}

void DoorHeadCheckTest::smallBodyIsNotAskedFor_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("no body") << head("/upload/a", lengthField(0));
    QTest::newRow("no body, expected") << head("/upload/a", lengthField(0) + expecting);
    QTest::newRow("a few bytes") << head("/upload/a", lengthField(4)) + "body";
    QTest::newRow("largest small one") << head("/upload/a", lengthField(small)) + QByteArray(small, 'b');
    // HTTP/1.0 has no interim answers, and Expect no meaning there (RFC 9110 §10.1.1).
    QTest::newRow("HTTP/1.0") << head("/upload/a", lengthField(4) + expecting, "POST", "1.0") + "body";
}

// The handler decides then, with the body at hand; here it lets everybody in.
void DoorHeadCheckTest::smallBodyIsNotAskedFor()
{
    QFETCH(QByteArray, bytes);
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(bytes));
    QCOMPARE(client.receive().status, 200);
    QCOMPARE(door.seen().headChecks, 0);
    QCOMPARE(door.seen().served, 1);
}

void DoorHeadCheckTest::requestsBehindAnAdmittedOneAreServed()
{
    RunningDoor door;
    RawClient client(door.port());
    const QByteArray body(100'000, 'b');
    const QByteArray upload = head("/upload/a", sesame + lengthField(body.size())) + body;
    QVERIFY(client.send(upload + get("/hello") + upload + get("/nowhere") + upload));
    QCOMPARE(client.receive().body, QByteArray("100000"));
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
    QCOMPARE(client.receive().body, QByteArray("100000"));
    QCOMPARE(client.receive().status, 404);
    QCOMPARE(client.receive().body, QByteArray("100000"));
    QCOMPARE(door.seen().headChecks, 3);
    QCOMPARE(door.seen().served, 4);
    QCOMPARE(door.seen().refused, 1);
}

void DoorHeadCheckTest::endpointWithoutCheckTakesEverybody()
{
    RunningDoor door;
    RawClient client(door.port());
    const QByteArray body(mebibyte, 'b');
    QVERIFY(client.send(post("/echo", body)));
    QCOMPARE(client.receive().body, body);
    QCOMPARE(door.seen().headChecks, 0);
}

void DoorHeadCheckTest::checkSeesTheHead()
{
    RunningDoor door;
    RawClient client(door.port());
    const QByteArray body(mebibyte, 'b');
    QVERIFY(client.send(head("/upload/a%20b?c=d",
                             sesame + lengthField(body.size()) + "X-Request-Id: mine-1\r\nX-Other: o\r\n") +
                        body));
    const Answer answer = client.receive();
    QCOMPARE(answer.status, 200);
    QCOMPARE(answer.field("x-request-id"), QByteArray("mine-1"));
    QCOMPARE(door.seen().lines().value(0),
             QByteArray("CHECK POST /upload/a%20b?c=d endpoint=/upload/{name} name=a b id=mine-1 "
                        "peer=127.0.0.1 received body=0"));
    QCOMPARE(door.seen().lines().value(1), QByteArray("POST /upload/a%20b?c=d"));
}

void DoorHeadCheckTest::doorsOwnRefusalsComeFirst_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("status");
    QTest::newRow("over the limit") << head("/upload/a", lengthField(17 * mebibyte)) << 413;
    QTest::newRow("other expectation")
        << head("/upload/a", lengthField(mebibyte) + "Expect: the-unexpected\r\n") << 417;
    QTest::newRow("two lengths") << head("/upload/a", lengthField(mebibyte) + lengthField(3)) << 400;
}

void DoorHeadCheckTest::doorsOwnRefusalsComeFirst()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, status);
    RunningDoor door(patientDoor());
    RawClient client(door.port());
    QVERIFY(client.send(bytes));
    QCOMPARE(client.receive().status, status);
    QCOMPARE(door.seen().headChecks, 0);
    QCOMPARE(door.seen().refused, 1);
}

QTEST_GUILESS_MAIN(DoorHeadCheckTest)
#include "tst_door_head_check.moc"
