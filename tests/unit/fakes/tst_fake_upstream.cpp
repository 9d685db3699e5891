// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/fake_upstream.h"
#include "unit/fakes/raw_client.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::fakes;
using namespace std::chrono_literals;

namespace {

constexpr char Chat[] = "/v1/chat/completions";
constexpr char Stream[] = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";
constexpr char Folded[] = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";

QJsonObject json(const QByteArray &body)
{
    return QJsonDocument::fromJson(body).object();
}

} // namespace

class TestFakeUpstream : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void streamsTokens();
    void answersInOnePiece_data();
    void answersInOnePiece();
    void streamsLinesLikeOllama();
    void reportsUsageAsAsked();
    void takesWishesFromTheRequest_data();
    void takesWishesFromTheRequest();
    void takesWishesFromThePath();
    void refusesAMisspeltWish();
    void breaksOff_data();
    void breaksOff();
    void stalls_data();
    void stalls();
    void spoilsTheStream_data();
    void spoilsTheStream();
    void liesAboutItsLength_data();
    void liesAboutItsLength();
    void sendsALineWithoutEnd_data();
    void sendsALineWithoutEnd();
    void refusesConnections();
    void repeatsNothingQueued();
    void keepsItsPace();
    void seesTheClientLeave();
    void waitsForASlowReader();
    void runsInAThreadOfItsOwn();
    void tellsWhatItSaw();
};

void TestFakeUpstream::streamsTokens()
{
    FakeUpstream upstream(behave("tokens=3"));
    RawClient client(upstream.port());
    client.post(Chat, Stream);
    QTRY_VERIFY(client.received().endsWith("data: [DONE]\n\n\r\n0\r\n\r\n"));
    QVERIFY(client.received().contains("Content-Type: text/event-stream\r\n"));
    for (const char *part :
         {R"("role":"assistant")", R"("content":"w0 ")", R"("content":"w2 ")", R"("finish_reason":"stop")"})
        QVERIFY2(client.received().contains(part), part);
    QCOMPARE(client.received().count("data: "), 6);

    client.forget();
    client.post(Chat, Stream); // the connection is kept
    QTRY_VERIFY(client.received().endsWith("0\r\n\r\n"));
    QCOMPARE(upstream.totals().connections, quint64(1));
    QCOMPARE(upstream.totals().tokensSent, quint64(6));
    QCOMPARE(upstream.requests().last().ending, Ending::Complete);
    QCOMPARE(upstream.requests().last().request.body, QByteArray(Stream));
}

void TestFakeUpstream::answersInOnePiece_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("part");
    const QByteArray text = R"("w0 w1 ")";
    QTest::newRow("chat") << QByteArray(Chat) << QByteArray(Folded) << R"("content":)" + text;
    QTest::newRow("completion") << QByteArray("/v1/completions") << QByteArray(R"({"prompt":"x"})")
                                << R"("text":)" + text;
    QTest::newRow("Ollama chat") << QByteArray("/api/chat") << QByteArray(R"({"stream":false})")
                                 << R"("content":)" + text;
    QTest::newRow("Ollama generate") << QByteArray("/api/generate") << QByteArray(R"({"stream":false})")
                                     << R"("response":)" + text;
    QTest::newRow("embeddings") << QByteArray("/v1/embeddings") << QByteArray(R"({"input":["a","b"]})")
                                << QByteArray(R"("index":1,"embedding":[1,0.666667,)");
    QTest::newRow("base64") << QByteArray("/v1/embeddings")
                            << QByteArray(R"({"input":"a","encoding_format":"base64"})")
                            << QByteArray(R"("embedding":"AAAAP6uqqj4AAIA+)");
    QTest::newRow("Ollama embed") << QByteArray("/api/embed") << QByteArray(R"({"input":"a"})")
                                  << QByteArray(R"("embeddings":[[0.5,0.333333,)");
}

void TestFakeUpstream::answersInOnePiece()
{
    QFETCH(const QByteArray, path);
    QFETCH(const QByteArray, body);
    QFETCH(const QByteArray, part);
    FakeUpstream upstream(behave("tokens=2"));
    RawClient client(upstream.port());
    client.post(path, body);
    QTRY_VERIFY(!json(client.body()).isEmpty());
    QVERIFY2(client.body().contains(part), client.body());
    QVERIFY(client.received().contains("Content-Length: " + QByteArray::number(client.body().size())));
}

void TestFakeUpstream::streamsLinesLikeOllama()
{
    FakeUpstream upstream(behave("tokens=2,reasoning=1,framing=close"));
    RawClient client(upstream.port());
    client.post("/api/chat", R"({"model":"m"})");
    QTRY_VERIFY(client.isClosed());
    const QList<QByteArray> lines = client.body().trimmed().split('\n');
    QCOMPARE(lines.size(), 4);
    QVERIFY(lines[0].contains(R"("thinking":"w0 ")"));
    QVERIFY(lines[2].contains(R"("content":"w1 "},"done":false)"));
    QCOMPARE(json(lines[3]).value(QLatin1String("eval_count")).toInt(), 3);
    QVERIFY(json(lines[3]).value(QLatin1String("done")).toBool());
}

void TestFakeUpstream::reportsUsageAsAsked()
{
    FakeUpstream upstream(behave("tokens=2"));
    RawClient client(upstream.port());
    client.post(Chat, R"({"stream":true,"stream_options":{"include_usage":true}})");
    QTRY_VERIFY(client.received().endsWith("0\r\n\r\n"));
    QVERIFY(client.received().contains(
        R"("choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9})"));
    client.forget();
    client.post(Chat, Stream);
    QTRY_VERIFY(client.received().endsWith("0\r\n\r\n"));
    QVERIFY(!client.received().contains("usage"));
    client.forget();
    client.post(Chat, Folded, "usage=off");
    QTRY_VERIFY(!json(client.body()).isEmpty());
    QVERIFY(!client.received().contains("usage"));
}

void TestFakeUpstream::takesWishesFromTheRequest_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("header");
    QTest::newRow("header") << QByteArray("{}") << QByteArray("tokens=1");
    QTest::newRow("model") << QByteArray(R"({"model":"fake:tokens=1"})") << QByteArray();
    QTest::newRow("user") << QByteArray(R"({"user":"fake:tokens=1"})") << QByteArray();
    QTest::newRow("message") << QByteArray(R"({"messages":[{"content":"fake:tokens=1 and more"}]})")
                             << QByteArray();
    QTest::newRow("parts") << QByteArray(R"({"messages":[{"content":[{"text":"fake:tokens=1"}]}]})")
                           << QByteArray();
    QTest::newRow("the header wins") << QByteArray(R"({"model":"fake:tokens=3"})") << QByteArray("tokens=1");
}

void TestFakeUpstream::takesWishesFromTheRequest()
{
    QFETCH(const QByteArray, body);
    QFETCH(const QByteArray, header);
    FakeUpstream upstream;
    RawClient client(upstream.port());
    client.post(Chat, body, header);
    QTRY_VERIFY(!json(client.body()).isEmpty());
    QVERIFY2(client.body().contains(R"("content":"w0 ")"), client.body());
}

void TestFakeUpstream::takesWishesFromThePath()
{
    FakeUpstream upstream;
    RawClient client(upstream.port());
    client.post("/as/tokens=1/for/a%20test/v1/completions", R"({"prompt":"x"})");
    QTRY_VERIFY(!json(client.body()).isEmpty());
    QVERIFY2(client.body().contains(R"("text":"w0 ")"), client.body());
    client.forget();
    client.post("/as/tokens=1/api/chat", R"({"stream":false})", "tokens=2");
    QTRY_VERIFY(!json(client.body()).isEmpty());
    QVERIFY2(client.body().contains(R"("content":"w0 w1 ")"), client.body());
    client.forget();
    client.get("/as/status=500/v1/models");
    QTRY_VERIFY2(client.received().startsWith("HTTP/1.1 200 "), client.received());
    RawClient mistaken(upstream.port());
    mistaken.post("/as/tokns=1/v1/completions", "{}");
    QTRY_VERIFY(mistaken.received().startsWith("HTTP/1.1 400 "));
}

void TestFakeUpstream::refusesAMisspeltWish()
{
    FakeUpstream upstream;
    RawClient client(upstream.port());
    client.post(Chat, Stream, "fault=stal@3");
    QTRY_VERIFY(client.received().startsWith("HTTP/1.1 400 "));
    QTRY_VERIFY(client.body().contains("fault=stal@3"));
}

void TestFakeUpstream::breaksOff_data()
{
    QTest::addColumn<QByteArray>("fault");
    QTest::addColumn<bool>("stream");
    QTest::addColumn<bool>("reset");
    QTest::addColumn<QByteArray>("last"); // what the client gets of the body, at its end
    QTest::newRow("reset at once") << QByteArray("reset") << true << true << QByteArray();
    QTest::newRow("reset in the middle") << QByteArray("reset@2") << true << true << QByteArray("w1 ");
    QTest::newRow("close at once") << QByteArray("close") << true << false << QByteArray();
    QTest::newRow("close after the head") << QByteArray("close@0") << true << false << QByteArray("role");
    QTest::newRow("close in the middle") << QByteArray("close@2") << true << false << QByteArray("w1 ");
    QTest::newRow("close before the end") << QByteArray("close@4") << true << false << QByteArray("w3 ");
    QTest::newRow("half an event") << QByteArray("half_event@1") << true << false << QByteArray("data: {");
    QTest::newRow("half a body") << QByteArray("close@0") << false << false << QByteArray("{\"id\"");
    QTest::newRow("half a body, reset") << QByteArray("reset@0") << false << true << QByteArray("{\"id\"");
}

void TestFakeUpstream::breaksOff()
{
    QFETCH(const QByteArray, fault);
    QFETCH(const bool, stream);
    QFETCH(const bool, reset);
    QFETCH(const QByteArray, last);
    FakeUpstream upstream;
    RawClient client(upstream.port());
    client.post(Chat, stream ? Stream : Folded, "tokens=4,fault=" + fault);
    QTRY_VERIFY(client.isClosed());
    QCOMPARE(client.isReset(), reset);
    QCOMPARE(upstream.requests().last().ending, Ending::Cut);
    if (last.isEmpty()) {
        QCOMPARE(client.received(), QByteArray());
        return;
    }
    const QByteArray body = client.body();
    const qsizetype found = body.lastIndexOf(last);
    QVERIFY2(found >= 0, body);
    QVERIFY2(!body.sliced(found).contains("\n\ndata") && !body.endsWith("0\r\n\r\n"), body);
    QVERIFY(!body.contains("[DONE]"));
    QVERIFY(stream || !json(body).contains(QLatin1String("choices")));
}

void TestFakeUpstream::stalls_data()
{
    QTest::addColumn<QByteArray>("fault");
    QTest::addColumn<QByteArray>("part");
    QTest::addColumn<int>("tokens");
    QTest::newRow("before the head") << QByteArray("stall") << QByteArray() << 0;
    QTest::newRow("after the head") << QByteArray("stall@0") << QByteArray("role") << 0;
    QTest::newRow("in the middle") << QByteArray("stall@2") << QByteArray("w1 ") << 2;
}

void TestFakeUpstream::stalls()
{
    QFETCH(const QByteArray, fault);
    QFETCH(const QByteArray, part);
    QFETCH(const int, tokens);
    FakeUpstream upstream;
    RawClient client(upstream.port());
    client.post(Chat, Stream, "fault=" + fault);
    QTRY_COMPARE(upstream.totals().tokensSent, quint64(tokens));
    if (!part.isEmpty())
        QTRY_VERIFY(client.received().contains(part));
    QTRY_COMPARE(upstream.totals().openAnswers, quint64(1));
    client.leave();
    QTRY_COMPARE(upstream.requests().last().ending, Ending::ClientLeft);
    QCOMPARE(upstream.requests().last().tokensSent, tokens);
}

void TestFakeUpstream::spoilsTheStream_data()
{
    QTest::addColumn<QByteArray>("wishes");
    QTest::addColumn<QByteArray>("part");
    QTest::addColumn<QByteArray>("missing");
    QTest::addColumn<bool>("stream");
    const QByteArray done = "[DONE]";
    const auto row = [](const char *name, const QByteArray &wishes, const QByteArray &part,
                        const QByteArray &missing, bool stream = true) {
        QTest::newRow(name) << wishes << part << missing << stream;
    };
    row("garbage for a head", "fault=garbage", "this is no HTTP", "HTTP/1.1 200");
    row("garbage for an event", "fault=garbage@1", "\x01\xfe garbage", "error");
    row("truncated JSON", "tokens=1,fault=truncated@0", "\"created\":1700000000,\"mo\n\n", "w0 ");
    row("invalid UTF-8", "fault=invalid_utf8@1", "\xc3( ", "w1 ");
    row("error event", "fault=error@1", R"({"error":{)", done);
    row("no [DONE]", "fault=no_done", R"("finish_reason":"stop")", done);
    row("comments", "comments=on,tokens=1", ": the fake thinks\n\n", "error");
    row("redirect", "fault=redirect", "Location: /fake/elsewhere", "w0 ");
    row("gzip", "fault=gzip", "Content-Encoding: gzip\r\n", "chunked");
    row("short length", "fault=short_length,framing=length", "data: [DONE]", "chunked");
    row("429", "status=429,retry_after=7", "HTTP/1.1 429 Too Many Requests\r\n", "w0 ");
    row("Retry-After", "status=429,retry_after=7", "Retry-After: 7\r\n", "w0 ");
    row("no body", "fault=empty", "Content-Length: 0\r\n\r\n", "w0 ");
    row("no content", "status=204,fault=empty", "HTTP/1.1 204 ", "w0 ");
    row("an error's code", "status=400,code=too_long", R"("code":"too_long"})", "w0 ");
    row("a large error", "status=500,size=8K", QByteArray(8 * 1024, ' '), "w0 ");
    row("a body for a stream", "whole=on", "Content-Type: application/json\r\n", "data:");
    row("503", "status=503", "\"type\":\"server_error\"", "Retry-After");
    row("folded: truncated", "fault=truncated", R"("object":"chat.completion",)", "}]", false);
    row("folded: garbage", "fault=garbage@0", "<html>this is no JSON", "choices", false);
    row("folded: chunked in pieces", "framing=chunked,chunk=4", "\r\n4\r\n", "Content-Length", false);
    row("folded: error", "fault=error", R"({"error":{"message")", "choices", false);
    row("folded: tool calls", "tools=1", R"("finish_reason":"tool_calls")", "w0 ", false);
    row("tool calls", "tools=2", R"("tool_calls":[{"index":1,"id":"call_1")", "w0 ");
}

void TestFakeUpstream::spoilsTheStream()
{
    QFETCH(const QByteArray, wishes);
    QFETCH(const QByteArray, part);
    QFETCH(const QByteArray, missing);
    QFETCH(const bool, stream);
    FakeUpstream upstream;
    RawClient client(upstream.port());
    client.post(Chat, stream ? Stream : Folded, wishes);
    QTRY_COMPARE(upstream.totals().openAnswers, quint64(0));
    QTRY_COMPARE(upstream.totals().requests, quint64(1));
    QTRY_VERIFY2(client.received().contains(part), client.received());
    QVERIFY2(!client.received().contains(missing), client.received());
}

void TestFakeUpstream::liesAboutItsLength_data()
{
    QTest::addColumn<QByteArray>("wishes");
    QTest::addColumn<bool>("stream");
    QTest::addColumn<int>("difference");
    QTest::newRow("short") << QByteArray("fault=short_length") << true << -10;
    QTest::newRow("long") << QByteArray("fault=long_length") << true << 10;
    QTest::newRow("folded, long") << QByteArray("fault=long_length") << false << 10;
    QTest::newRow("the truth") << QByteArray("framing=length") << true << 0;
}

void TestFakeUpstream::liesAboutItsLength()
{
    QFETCH(const QByteArray, wishes);
    QFETCH(const bool, stream);
    QFETCH(const int, difference);
    FakeUpstream upstream;
    RawClient client(upstream.port());
    client.post(Chat, stream ? Stream : Folded, wishes);
    QTRY_COMPARE(upstream.totals().openAnswers, quint64(0));
    QTRY_VERIFY(client.body().contains(stream ? "[DONE]" : "usage"));
    const QByteArray said =
        "Content-Length: " + QByteArray::number(client.body().size() + difference) + "\r\n";
    QVERIFY2(client.received().contains(said), client.received());
    QTRY_COMPARE(client.isClosed(), difference != 0);
}

void TestFakeUpstream::sendsALineWithoutEnd_data()
{
    QTest::addColumn<QByteArray>("question");
    QTest::newRow("stream") << QByteArray(Stream);
    QTest::newRow("folded") << QByteArray(Folded);
}

void TestFakeUpstream::sendsALineWithoutEnd()
{
    QFETCH(const QByteArray, question);
    FakeUpstream upstream({}, FakeUpstream::Runs::InOwnThread);
    RawClient client(upstream.port());
    client.post(Chat, question, "framing=close,fault=endless_line@1");
    QTRY_VERIFY(client.received().size() > 8 * 1024 * 1024);
    const QByteArray body = client.body();
    QVERIFY(body.lastIndexOf('\n') < 1024);
    client.leave();
    QTRY_COMPARE(upstream.requests().last().ending, Ending::ClientLeft);
}

void TestFakeUpstream::refusesConnections()
{
    FakeUpstream upstream;
    upstream.refuse();
    RawClient refused(upstream.port());
    QVERIFY(refused.isRefused());
    upstream.accept();
    RawClient accepted(upstream.port());
    accepted.post(Chat, Folded, "fault=refuse");
    QTRY_VERIFY(accepted.isReset());
    RawClient again(upstream.port());
    QVERIFY(again.isRefused());
}

void TestFakeUpstream::repeatsNothingQueued()
{
    FakeUpstream upstream;
    upstream.answerNext(behave("status=503"));
    upstream.setModels({"a", "b/c"});
    RawClient client(upstream.port());
    client.get("/v1/models"); // Is no work, and takes nothing from the queue.
    QTRY_VERIFY(client.received().startsWith("HTTP/1.1 200 "));
    QTRY_COMPARE(json(client.body()).value(QLatin1String("data")).toArray().size(), 2);
    client.forget();
    client.post(Chat, Folded);
    QTRY_VERIFY(client.received().startsWith("HTTP/1.1 503 "));
    client.forget();
    client.post(Chat, Folded);
    QTRY_VERIFY(client.received().startsWith("HTTP/1.1 200 "));
}

void TestFakeUpstream::keepsItsPace()
{
    FakeUpstream upstream({}, FakeUpstream::Runs::InOwnThread);
    for (const char *wishes : {"tokens=5,interval=10,head_delay=30,first_delay=30", "tokens=1,drip=1"}) {
        for (const char *body : {Stream, Folded}) {
            RawClient client(upstream.port());
            QElapsedTimer timer;
            timer.start();
            client.post(Chat, body, wishes);
            QTRY_VERIFY(client.received().contains("\"finish_reason\":\"stop\""));
            QVERIFY2(timer.elapsed() >= 100, wishes);
        }
    }
}

void TestFakeUpstream::seesTheClientLeave()
{
    FakeUpstream upstream(behave("tokens=1000,interval=1"), FakeUpstream::Runs::InOwnThread);
    RawClient client(upstream.port());
    client.post(Chat, Stream);
    QTRY_VERIFY(client.received().contains("w5 "));
    const MonotonicTime left = std::chrono::steady_clock::now();
    client.leave();
    QTRY_COMPARE(upstream.requests().last().ending, Ending::ClientLeft);
    const SeenRequest seen = upstream.requests().last();
    QVERIFY(seen.clientLeftAt >= left);
    QVERIFY(*seen.clientLeftAt - left < 100ms);
    QVERIFY(seen.tokensSent > 5 && seen.tokensSent < 1000);
    QTRY_COMPARE(upstream.totals().openConnections, quint64(0));
}

void TestFakeUpstream::waitsForASlowReader()
{
    FakeUpstream upstream(behave("size=50M"), FakeUpstream::Runs::InOwnThread);
    RawClient client(upstream.port(), 4096);
    client.post(Chat, Stream);
    QTRY_VERIFY(upstream.totals().tokensSent > 2);
    QTest::qWait(100); // nothing to wait for: it is to stand still
    QVERIFY2(upstream.totals().tokensSent < 200, "the fake takes no notice of its reader");
    QTRY_VERIFY_WITH_TIMEOUT(client.received().endsWith("data: [DONE]\n\n\r\n0\r\n\r\n"), 20'000);
    QVERIFY(client.received().size() > 50 * 1024 * 1024);
    QTRY_COMPARE(upstream.requests().last().ending, Ending::Complete);
}

void TestFakeUpstream::runsInAThreadOfItsOwn()
{
    FakeUpstream upstream(behave("tokens=1"), FakeUpstream::Runs::InOwnThread);
    RawClient client(upstream.port());
    client.post(Chat, Stream, "fault=stall@1");
    QTRY_VERIFY(client.received().contains("w0 "));
    upstream.resetConnections();
    QTRY_VERIFY(client.isReset());
    QTRY_COMPARE(upstream.totals().openAnswers, quint64(0));
    upstream.refuse();
    RawClient refused(upstream.port());
    QVERIFY(refused.isRefused());
    upstream.accept();
    RawClient open(upstream.port());
    open.post(Chat, Stream, "fault=stall");
    QTRY_COMPARE(upstream.totals().openAnswers, quint64(1)); // ends with the fake, while it answers
}

void TestFakeUpstream::tellsWhatItSaw()
{
    FakeUpstream upstream(behave("tokens=2"));
    RawClient client(upstream.port());
    client.post(Chat, Folded);
    QTRY_VERIFY(!json(client.body()).isEmpty());
    client.forget();
    client.get("/fake/stats");
    QTRY_VERIFY(!json(client.body()).isEmpty());
    const QJsonObject stats = json(client.body());
    const QJsonArray requests = stats.value(QLatin1String("requests")).toArray();
    QCOMPARE(requests.size(), 1);
    const QJsonObject seen = requests.first().toObject();
    QCOMPARE(seen.value(QLatin1String("path")).toString(), QLatin1String(Chat));
    QCOMPARE(seen.value(QLatin1String("body")).toString(), QLatin1String(Folded));
    QCOMPARE(seen.value(QLatin1String("tokens_sent")).toInt(), 2);
    QCOMPARE(seen.value(QLatin1String("ending")).toString(), QLatin1String("complete"));
    QCOMPARE(stats.value(QLatin1String("totals")).toObject().value(QLatin1String("requests")).toInt(), 1);
}

QTEST_GUILESS_MAIN(TestFakeUpstream)
#include "tst_fake_upstream.moc"
