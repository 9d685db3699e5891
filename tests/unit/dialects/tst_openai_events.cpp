// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/event_decoder.h"
#include "dialects/openai/upstream_error.h"
#include "unit/dialects/event_text.h"

#include <QTest>

using namespace gatehouse;
using openai::EventDecoder;

/// A chunk of choice 0 with the members given.
static QByteArray chunk(const QByteArray &delta, const QByteArray &finish = "null")
{
    return R"({"model":"m","choices":[{"index":0,"delta":{)" + delta + R"(},"finish_reason":)" + finish +
           "}]}";
}

static const QByteArray textChunk = chunk(R"("content":"a")");

/// Whole transcripts are in tests/contract/openai; here are the single rules.
class TestOpenAiEvents : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void chunks_data();
    void chunks();
    void finishReasons_data();
    void finishReasons();
    void garbage_data();
    void garbage();
    void errorsInside_data();
    void errorsInside();
    void nothingFollowsTheEnd();
    void endNeedsAllChoices();
    void latestUsageCounts();
    void deltasAfterTheFinish();
    void toolCallBounds();
    void wholeAnswer();
    void statusErrors_data();
    void statusErrors();
    void errorTextsAreBounded();
};

void TestOpenAiEvents::chunks_data()
{
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QByteArray &payload, const QByteArray &expected) {
        QTest::newRow(name) << payload << expected;
    };
    row("text", textChunk, "text 0 \"a\"\n");
    row("role only", chunk(R"("role":"assistant","content":"")"), "");
    row("empty delta", chunk(""), "");
    row("no delta", R"({"choices":[{"index":0}]})", "");
    row("null delta", R"({"choices":[{"index":0,"delta":null,"finish_reason":null}]})", "");
    row("no choices", R"({"choices":[]})", "");
    row("null choices", R"({"choices":null,"usage":null})", "");
    row("ping", R"({"type":"ping"})", "");
    row("blank", "  ", "");
    row("null error", R"({"error":null,"choices":[{"index":0,"delta":{"content":"a"}}]})", "text 0 \"a\"\n");
    row("no index", R"({"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]})",
        "text 0 \"a\"\ntext 1 \"b\"\n");
    row("completion", R"({"choices":[{"index":2,"text":"a"}]})", "text 2 \"a\"\n");
    row("both reasonings", chunk(R"("reasoning":"x","reasoning_content":"x")"), "reasoning 0 \"x\"\n");
    row("reasoning before text", chunk(R"("content":"a","reasoning":"x")"),
        "reasoning 0 \"x\"\ntext 0 \"a\"\n");
    row("refusal", chunk(R"("refusal":"no")"), "refusal 0 \"no\"\n");
    row("surrogate pair", chunk(R"("content":"\ud83d\ude00")"), "text 0 \"😀\"\n");
    row("content of an unknown kind", chunk(R"("content":7)"), "");
    row("tool call without a name yet",
        chunk(R"("tool_calls":[{"index":0,"id":"c","function":{"arguments":"{"}}])"), "");
    row("tool calls of no kind", chunk(R"("tool_calls":"x","function_call":null)"), "");
}

void TestOpenAiEvents::chunks()
{
    QFETCH(const QByteArray, payload);
    QFETCH(const QByteArray, expected);
    EventDecoder decoder("call_x");
    QCOMPARE(test::describe(decoder.feed(textChunk)), QByteArray("started \"m\"\ntext 0 \"a\"\n"));
    QCOMPARE(test::describe(decoder.feed(payload)), expected);
    QVERIFY(!decoder.isOver());
}

void TestOpenAiEvents::finishReasons_data()
{
    QTest::addColumn<QByteArray>("word");
    QTest::addColumn<FinishReason>("reason");
    QTest::newRow("stop") << QByteArray("stop") << FinishReason::Stop;
    QTest::newRow("length") << QByteArray("length") << FinishReason::Length;
    QTest::newRow("max_tokens") << QByteArray("max_tokens") << FinishReason::Length;
    QTest::newRow("tool_calls") << QByteArray("tool_calls") << FinishReason::ToolCalls;
    QTest::newRow("function_call") << QByteArray("function_call") << FinishReason::ToolCalls;
    QTest::newRow("content_filter") << QByteArray("content_filter") << FinishReason::ContentFilter;
    QTest::newRow("error") << QByteArray("error") << FinishReason::Error;
    QTest::newRow("unknown") << QByteArray("eos_token") << FinishReason::Stop;
}

void TestOpenAiEvents::finishReasons()
{
    QFETCH(const QByteArray, word);
    QFETCH(const FinishReason, reason);
    EventDecoder decoder("call_x");
    const ChatEvents events = decoder.feed(chunk(R"("content":"a")", '"' + word + '"'));
    QCOMPARE(events.size(), 3);
    QCOMPARE(std::get<ChoiceFinished>(events.at(2)).reason, reason);
}

void TestOpenAiEvents::garbage_data()
{
    QTest::addColumn<QByteArray>("payload");
    QTest::newRow("text") << QByteArray("hello");
    QTest::newRow("list") << QByteArray("[]");
    QTest::newRow("number") << QByteArray("1");
    QTest::newRow("half") << textChunk.chopped(1);
    QTest::newRow("two") << textChunk + textChunk;
    QTest::newRow("choice of no kind") << QByteArray(R"({"choices":[7]})");
    QTest::newRow("index below zero") << QByteArray(R"({"choices":[{"index":-1,"delta":{}}]})");
    QTest::newRow("endless index") << QByteArray(R"({"choices":[{"index":2048,"delta":{}}]})");
    QTest::newRow("not UTF-8") << chunk("\"content\":\"\xff\"");
    QTest::newRow("too deep") << chunk("\"x\":" + QByteArray(100, '[') + QByteArray(100, ']'));
}

void TestOpenAiEvents::garbage()
{
    QFETCH(const QByteArray, payload);
    EventDecoder decoder("call_x");
    (void)decoder.feed(textChunk);
    const ChatEvents events = decoder.feed(payload);
    QCOMPARE(events.size(), 1);
    QCOMPARE(std::get<AnswerFailed>(events.at(0)).error.code, ErrorCode::UpstreamFailed);
    QVERIFY(decoder.isOver());
}

void TestOpenAiEvents::errorsInside_data()
{
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *payload, const char *expected) {
        QTest::newRow(payload) << QByteArray(payload) << QByteArray(expected);
    };
    row(R"({"error":"boom"})", "failed upstream_failed 0 \"The upstream failed: boom\" \"\"\n");
    row(R"({"error":{"message":"boom","type":"server_error","code":null}})",
        "failed upstream_failed 0 \"The upstream failed: boom\" \"server_error\"\n");
    row(R"({"error":{"message":"boom","code":500}})",
        "failed upstream_failed 500 \"The upstream failed: boom\" \"\"\n");
    row(R"({"error":{"message":"too long","code":400,"type":"exceed_context_size_error"}})",
        "failed upstream_rejected 400 \"too long\" \"exceed_context_size_error\"\n");
    row(R"({"error":{"message":"long","type":"invalid_request_error","code":"context_length_exceeded"}})",
        "failed upstream_failed 0 \"The upstream failed: long\" \"context_length_exceeded\"\n");
    row(R"({"error":{"message":"boom","type":"t","code":"400"}})",
        "failed upstream_rejected 400 \"boom\" \"t\"\n");
    row(R"({"error":{"message":"boom","code":-1}})",
        "failed upstream_failed 0 \"The upstream failed: boom\" \"-1\"\n");
    row(R"({"error":{"message":"boom","code":502,"metadata":{"raw":"{\"error\":\"why\"}"}}})",
        "failed upstream_failed 502 \"The upstream failed: boom: why\" \"\"\n");
    row(R"({"error":{"message":"boom","code":502,"metadata":{"raw":{"error":"why"}}}})",
        "failed upstream_failed 502 \"The upstream failed: boom\" \"\"\n");
    row(R"({"error":{"message":"","code":502,"metadata":{"raw":"[1,"}}})",
        "failed upstream_failed 502 \"The upstream failed: [1,\" \"\"\n");
    row(R"({"error":{"reason":"x"}})",
        "failed upstream_failed 0 \"The upstream failed: {\\\"reason\\\":\\\"x\\\"}\" \"\"\n");
    row(R"({"error":""})",
        "failed upstream_failed 0 \"The upstream failed: The upstream gave no reason.\" \"\"\n");
    row(R"({"detail":"boom"})", "failed upstream_failed 0 \"The upstream failed: boom\" \"\"\n");
    row(R"({"object":"error","message":"boom","code":40303})",
        "failed upstream_failed 0 \"The upstream failed: boom\" \"40303\"\n");
    row(R"({"choices":[{"index":0,"delta":{},"finish_reason":"error","error":{"code":502,"message":"gone"}}]})",
        "started \"\"\nfailed upstream_failed 502 \"The upstream failed: gone\" \"\"\n");
}

void TestOpenAiEvents::errorsInside()
{
    QFETCH(const QByteArray, payload);
    QFETCH(const QByteArray, expected);
    EventDecoder streamed("call_x");
    QCOMPARE(test::describe(streamed.feed(payload)), expected);
    QVERIFY(streamed.isOver());
    EventDecoder whole("call_x");
    QCOMPARE(test::describe(whole.feedAnswer(payload)), expected);
}

void TestOpenAiEvents::nothingFollowsTheEnd()
{
    EventDecoder decoder("call_x");
    (void)decoder.feed(textChunk);
    QCOMPARE(test::describe(decoder.feed("[DONE]")), QByteArray("finished 0 stop\ncompleted\n"));
    QVERIFY(decoder.feed(textChunk).isEmpty());
    QVERIFY(decoder.feed("[DONE]").isEmpty());
    QVERIFY(decoder.feedAnswer(textChunk).isEmpty());
    QVERIFY(decoder.end().isEmpty());
}

void TestOpenAiEvents::endNeedsAllChoices()
{
    const QByteArray finished = chunk(R"("content":"a")", "\"stop\"");
    EventDecoder one("call_x", 1);
    (void)one.feed(finished);
    QCOMPARE(test::describe(one.end()), QByteArray("completed\n"));
    EventDecoder two("call_x", 2);
    (void)two.feed(finished);
    QVERIFY(std::holds_alternative<AnswerFailed>(two.end().at(0)));
    EventDecoder unfinished("call_x", 1);
    (void)unfinished.feed(finished);
    (void)unfinished.feed(R"({"choices":[{"index":1,"delta":{"content":"b"}}]})");
    QVERIFY(std::holds_alternative<AnswerFailed>(unfinished.end().at(0)));
    EventDecoder nothing("call_x", 1);
    QVERIFY(std::holds_alternative<AnswerFailed>(nothing.end().at(0)));
}

void TestOpenAiEvents::latestUsageCounts()
{
    EventDecoder decoder("call_x");
    QCOMPARE(
        decoder
            .feed(
                R"({"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}})")
            .size(),
        2);
    QVERIFY(decoder.feed(R"({"usage":{"prompt_tokens":5,"completion_tokens":2,"prompt_cache_hit_tokens":3}})")
                .isEmpty());
    QCOMPARE(test::describe(decoder.feed("[DONE]")),
             QByteArray("finished 0 stop\nusage 5 + 2 cached 3 reasoning 0\ncompleted\n"));
    EventDecoder odd("call_x");
    (void)odd.feed(
        R"({"choices":[{"index":0,"text":"a"}],"usage":{"prompt_tokens":-5,"completion_tokens":"x"}})");
    QCOMPARE(test::describe(odd.feed("[DONE]")),
             QByteArray("finished 0 stop\nusage 0 + 0 cached 0 reasoning 0\ncompleted\n"));
}

void TestOpenAiEvents::deltasAfterTheFinish()
{
    EventDecoder decoder("call_x");
    (void)decoder.feed(chunk(R"("content":"a")", "\"stop\""));
    QVERIFY(decoder.feed(chunk(R"("content":"b")", "\"stop\"")).isEmpty());
    QCOMPARE(test::describe(decoder.feed("[DONE]")), QByteArray("completed\n"));
}

void TestOpenAiEvents::toolCallBounds()
{
    EventDecoder decoder("call_x");
    QByteArray calls;
    for (int i = 0; i < 1025; ++i)
        calls += (i == 0 ? "" : ",") + QByteArray(R"({"function":{"name":"f","arguments":"{}"}})");
    const ChatEvents events = decoder.feed(chunk("\"tool_calls\":[" + calls + ']'));
    QVERIFY(std::holds_alternative<AnswerFailed>(events.last()));
}

void TestOpenAiEvents::wholeAnswer()
{
    EventDecoder decoder("call_x");
    QCOMPARE(
        test::describe(decoder.feedAnswer(
            R"({"model":"m","choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}})")),
        QByteArray(
            "started \"m\"\ntext 0 \"a\"\nfinished 0 stop\nusage 1 + 2 cached 0 reasoning 0\ncompleted\n"));
    for (const char *body : {"", "[]", "{}", "{\"choices\":[]}", "{\"choices\":{}}", "<html>"}) {
        EventDecoder strict("call_x");
        const ChatEvents events = strict.feedAnswer(body);
        QVERIFY2(!events.isEmpty() && std::holds_alternative<AnswerFailed>(events.last()), body);
    }
}

void TestOpenAiEvents::statusErrors_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<QString>("message");
    QTest::addColumn<QByteArray>("param");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const char *name, int status, const char *body, const char *message,
                        const char *param = "", const char *reason = "") {
        const ErrorCode code =
            status < 500 && status >= 400 ? ErrorCode::UpstreamRejected : ErrorCode::UpstreamFailed;
        QTest::newRow(name) << status << QByteArray(body) << code << QString::fromUtf8(message)
                            << QByteArray(param) << QByteArray(reason);
    };
    row("OpenAI", 404,
        R"({"error":{"message":"No such model","type":"invalid_request_error","param":"model","code":"model_not_found"}})",
        "No such model", "model", "model_not_found");
    row("no code", 429, R"({"error":{"message":"Slow down","type":"requests","param":null,"code":null}})",
        "Slow down", "", "requests");
    row("Ollama", 404, R"({"error":"model 'x' not found"})", "model 'x' not found");
    row("vLLM old", 400,
        R"({"object":"error","message":"Too long","type":"BadRequestError","param":null,"code":400})",
        "Too long", "", "BadRequestError");
    row("FastAPI text", 401, R"({"detail":"Not authenticated"})", "Not authenticated");
    row("FastAPI list", 422,
        R"({"detail":[{"type":"missing","loc":["body","messages",0,"role"],"msg":"Field required"}]})",
        "Field required", "messages[0].role", "missing");
    row("Google", 400, R"([{"error":{"code":400,"message":"Bad key","status":"INVALID_ARGUMENT"}}])",
        "Bad key");
    row("plain", 400, "  Bad\r\n\trequest  ", "Bad request");
    row("nothing", 418, "", "The upstream answered 418.");
    row("JSON of no known shape", 400, R"({"x":1})", "The upstream answered 400.");
    row("page", 502, "<!DOCTYPE html>\n<html><head><TITLE>502 Bad\nGateway</TITLE></head></html>",
        "The upstream answered 502: 502 Bad Gateway");
    row("page without title", 503, "<html><body>secret</body></html>", "The upstream answered 503.");
    row("server error", 500, R"({"error":{"message":"OOM","type":"internal","code":500}})",
        "The upstream answered 500: OOM", "", "internal");
    row("redirect", 302, "", "The upstream answered 302.");
}

void TestOpenAiEvents::statusErrors()
{
    QFETCH(const int, status);
    QFETCH(const QByteArray, body);
    const Error error = openai::decodeError(status, body);
    QTEST(error.code, "code");
    QTEST(error.message, "message");
    QTEST(error.param, "param");
    QTEST(error.reason, "reason");
    QCOMPARE(error.upstreamStatus, status);
}

void TestOpenAiEvents::errorTextsAreBounded()
{
    const QByteArray flood(3 * 1024 * 1024, 'x');
    QVERIFY(openai::decodeError(400, flood).message.size() <= 1001);
    const Error error =
        openai::decodeError(400, R"({"error":{"message":")" + flood.left(100'000) + R"(","param":")" +
                                     flood.left(5000) + R"(","code":")" + flood.left(5000) + R"("}})");
    QVERIFY(error.message.size() <= 1001);
    QVERIFY(error.param.size() <= 256 && error.reason.size() <= 256);
    QVERIFY(!openai::decodeError(400, QByteArray("a\0\x1b[31mb", 8)).message.contains(QChar(0x1b)));
}

QTEST_GUILESS_MAIN(TestOpenAiEvents)
#include "tst_openai_events.moc"
