// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/ollama/line_decoder.h"
#include "dialects/ollama/models_body.h"
#include "dialects/ollama/request_encoder.h"
#include "dialects/openai/request_decoder.h"
#include "unit/dialects/event_text.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;
using ollama::LineDecoder;

/// A request as it came in the OpenAI dialect, and what Ollama is asked.
static QByteArray ask(const QByteArray &body)
{
    const auto request = openai::decodeChatRequest(body);
    const auto encoded = ollama::encodeRequest(*request, "llama3.2");
    return encoded ? *encoded : "refused: " + encoded.error().param;
}

static QByteArray chat(const QByteArray &members,
                       const QByteArray &messages = R"([{"role":"user","content":"Hi"}])")
{
    return R"({"messages":)" + messages + (members.isEmpty() ? "" : "," + members) + "}";
}

static QJsonValue member(const QByteArray &body, const char *name)
{
    return QJsonDocument::fromJson(body).object().value(QLatin1String(name));
}

static QJsonValue parsed(const QByteArray &text)
{
    return QJsonDocument::fromJson("{\"v\":" + text + '}').object().value(QLatin1String("v"));
}

/// Whole answers are in tests/contract/openai.
class TestOllama : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void plainChat();
    void options();
    void messages();
    void toolConversation();
    void images();
    void formats();
    void thinking();
    void extensions();
    void generate();
    void refusals_data();
    void refusals();
    void lines_data();
    void lines();
    void nothingFollowsTheEnd();
    void tags();
    void noTags();
};

void TestOllama::plainChat()
{
    QCOMPARE(ask(chat(R"("stream":true,"stream_options":{"x":1})")),
             QByteArray("{\"model\":\"llama3.2\",\"stream\":true,\"messages\":[{\"role\":\"user\","
                        "\"content\":\"Hi\"}]}"));
    QCOMPARE(member(ask(chat({})), "stream"), QJsonValue(false)); // Ollama's own default is true.
}

void TestOllama::options()
{
    const QByteArray body = ask(chat(
        R"("temperature":0.5,"top_p":0.9,"top_k":20,"min_p":0.1,"seed":7,"stop":["a","b"],"max_tokens":9,"presence_penalty":1,)"
        R"("frequency_penalty":-1,"repeat_penalty":1.2,"options":{"num_ctx":8192,"temperature":2,"num_ctx":4096})"));
    QCOMPARE(
        member(body, "options"),
        parsed(
            R"({"num_ctx":4096,"temperature":0.5,"top_p":0.9,"top_k":20,"min_p":0.1,"seed":7,"stop":["a","b"],)"
            R"("num_predict":9,"presence_penalty":1,"frequency_penalty":-1,"repeat_penalty":1.2})"));
    QCOMPARE(body.count("\"temperature\""), 1);
    QCOMPARE(body.count("\"options\""), 1);
}

void TestOllama::messages()
{
    const QByteArray body = ask(chat(
        {}, R"([{"role":"developer","content":"D"},{"role":"user","content":[{"type":"text","text":"a"},)"
            R"({"type":"text","text":"b"}]},{"role":"assistant","content":"A","reasoning":"R"}])"));
    QCOMPARE(member(body, "messages"),
             parsed(R"([{"role":"system","content":"D"},{"role":"user","content":"ab"},)"
                    R"({"role":"assistant","content":"A","thinking":"R"}])"));
}

void TestOllama::toolConversation()
{
    const QByteArray tools = R"([{"type":"function","function":{"name":"f","parameters":{}}}])";
    const QByteArray messages =
        R"([{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":" {\"a\": [1]} "}},)"
        R"({"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},)"
        R"({"role":"tool","content":"1","tool_call_id":"c2"},{"role":"tool","content":"2","tool_call_id":"c9","name":"h"}])";
    const QByteArray body = ask(chat("\"tools\":" + tools + ",\"tool_choice\":\"auto\"", messages));
    QCOMPARE(member(body, "tools"), parsed(tools));
    QVERIFY(!body.contains("tool_choice"));
    QCOMPARE(
        member(body, "messages"),
        parsed(
            R"([{"role":"assistant","content":"","tool_calls":[{"id":"c1","function":{"name":"f","arguments":{"a":[1]}}},)"
            R"({"id":"c2","function":{"name":"g","arguments":{}}}]},)"
            R"({"role":"tool","content":"1","tool_name":"g","tool_call_id":"c2"},)"
            R"({"role":"tool","content":"2","tool_name":"h","tool_call_id":"c9"}])"));
    QVERIFY(!ask(chat("\"tools\":" + tools + ",\"tool_choice\":\"none\"")).contains("tools"));
}

void TestOllama::images()
{
    const QByteArray body =
        ask(chat({}, R"([{"role":"user","content":[{"type":"text","text":"What?"},)"
                     R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO\/w=="}},)"
                     R"({"type":"image_url","image_url":"data:;base64,AAAA"}]}])"));
    QCOMPARE(member(body, "messages"),
             parsed(R"([{"role":"user","content":"What?","images":["iVBO/w==","AAAA"]}])"));
}

void TestOllama::formats()
{
    QCOMPARE(member(ask(chat(R"("response_format":{"type":"json_object"})")), "format"),
             QJsonValue(QStringLiteral("json")));
    QCOMPARE(
        member(
            ask(chat(
                R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}})")),
            "format"),
        parsed(R"({"type":"object"})"));
    QVERIFY(!ask(chat(R"("response_format":{"type":"text"})")).contains("format"));
}

void TestOllama::thinking()
{
    QCOMPARE(member(ask(chat(R"("reasoning_effort":"high")")), "think"), QJsonValue(QStringLiteral("high")));
    QCOMPARE(member(ask(chat(R"("reasoning_effort":"none")")), "think"), QJsonValue(false));
    const QByteArray both = ask(chat(R"("reasoning_effort":"high","think":true)"));
    QCOMPARE(member(both, "think"), QJsonValue(true));
    QCOMPARE(both.count("think"), 1);
}

void TestOllama::extensions()
{
    const QByteArray body = ask(chat(R"("keep_alive":"10m","logprobs":true,"top_logprobs":2,"x":[1.0])"));
    QVERIFY(body.endsWith(",\"logprobs\":true,\"top_logprobs\":2,\"keep_alive\":\"10m\",\"x\":[1.0]}"));
}

void TestOllama::generate()
{
    const auto request =
        openai::decodeCompletionRequest(R"({"prompt":"Once","max_tokens":3,"suffix":"end","stream":true})");
    QCOMPARE(ollama::requestPath(*request), QByteArray("api/generate"));
    QCOMPARE(*ollama::encodeRequest(*request, "m"),
             QByteArray("{\"model\":\"m\",\"stream\":true,\"prompt\":\"Once\",\"raw\":true,\"options\":{"
                        "\"num_predict\":3},"
                        "\"suffix\":\"end\"}"));
    QCOMPARE(ollama::requestPath(*openai::decodeChatRequest(chat({}))), QByteArray("api/chat"));
    for (const char *body :
         {"{\"prompt\":[\"a\",\"b\"]}", "{\"prompt\":\"a\",\"echo\":true}", "{\"prompt\":\"a\",\"n\":2}"}) {
        const auto refused = ollama::encodeRequest(*openai::decodeCompletionRequest(body), "m");
        QVERIFY2(!refused && refused.error().code == ErrorCode::InvalidRequest, body);
    }
}

void TestOllama::refusals_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("param");
    const auto content = [](const char *part) {
        return chat({}, R"([{"role":"system","content":""},{"role":"user","content":[)" + QByteArray(part) +
                            "]}]");
    };
    QTest::newRow("choices") << chat("\"n\":2") << QByteArray("n");
    QTest::newRow("image elsewhere")
        << content(R"({"type":"image_url","image_url":{"url":"https://example.org/a.png"}})")
        << QByteArray("messages[1].content");
    QTest::newRow("image not in base64")
        << content(R"({"type":"image_url","image_url":{"url":"data:image/svg+xml,<svg>"}})")
        << QByteArray("messages[1].content");
    QTest::newRow("audio") << content(R"({"type":"input_audio","input_audio":{}})")
                           << QByteArray("messages[1].content");
    for (const char *arguments : {"{", "[1]", "7", "{} x"}) {
        QTest::newRow(arguments)
            << chat({},
                    R"([{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":")" +
                        QByteArray(arguments) + R"("}}]}])")
            << QByteArray("messages[0].tool_calls");
    }
}

void TestOllama::refusals()
{
    QFETCH(const QByteArray, body);
    QFETCH(const QByteArray, param);
    QCOMPARE(ask(body), "refused: " + param);
}

void TestOllama::lines_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const char *line, const char *expected) {
        QTest::newRow(name) << QByteArray(line) << QByteArray(expected);
    };
    row("blank", " \r", "");
    row("text", R"({"message":{"content":"b"},"done":false})", "text 0 \"b\"\n");
    row("both", R"({"message":{"content":"b","thinking":"t"}})", "reasoning 0 \"t\"\ntext 0 \"b\"\n");
    row("generate", R"({"response":"b","thinking":"t"})", "reasoning 0 \"t\"\ntext 0 \"b\"\n");
    row("end without a reason", R"({"message":{"content":""},"done":true})", "finished 0 stop\ncompleted\n");
    row("end by length", R"({"done":true,"done_reason":"length","eval_count":3})",
        "finished 0 length\nusage 0 + 3 cached 0 reasoning 0\ncompleted\n");
    row("end after loading", R"({"model":"m","message":{"content":""},"done":true,"done_reason":"load"})",
        "finished 0 stop\ncompleted\n");
    row("tool call and end",
        R"({"message":{"tool_calls":[{"function":{"name":"f"}},{"function":{}}]},"done":true,"done_reason":"stop"})",
        "tool 0.0 id=\"call_x_0_0\" name=\"f\" arguments=\"{}\"\nfinished 0 tool_calls\ncompleted\n");
    row("error", R"({"error":"out of memory"})",
        "failed upstream_failed 0 \"The upstream failed: out of memory\" \"\"\n");
    row("error object", R"({"error":{"message":"m","code":400}})",
        "failed upstream_rejected 400 \"m\" \"\"\n");
    row("error of no known shape", R"({"error":5})",
        "failed upstream_failed 0 \"The upstream sent something that is no answer.\" \"\"\n");
    for (const char *garbage :
         {"x", "[]", "{}", "{\"done\":false}", "{\"message\":\"x\"}", "{\"message\":{\"content\":\"b\"}}{"})
        row(garbage, garbage,
            "failed upstream_failed 0 \"The upstream sent something that is no answer.\" \"\"\n");
}

void TestOllama::lines()
{
    QFETCH(const QByteArray, line);
    QFETCH(const QByteArray, expected);
    LineDecoder decoder("call_x");
    QCOMPARE(test::describe(
                 decoder.feed(R"({"model":"m","message":{"role":"assistant","content":"a"},"done":false})")),
             QByteArray("started \"m\"\ntext 0 \"a\"\n"));
    QCOMPARE(test::describe(decoder.feed(line)), expected);
    QCOMPARE(decoder.isOver(), expected.contains("completed") || expected.contains("failed"));
}

void TestOllama::nothingFollowsTheEnd()
{
    LineDecoder decoder("call_x");
    (void)decoder.feed(R"({"message":{"content":"a"},"done":true})");
    QVERIFY(decoder.feed(R"({"message":{"content":"b"}})").isEmpty());
    QVERIFY(decoder.end().isEmpty());
    LineDecoder cut("call_x");
    QVERIFY(std::holds_alternative<AnswerFailed>(cut.end().at(0)));
}

void TestOllama::tags()
{
    const auto models = ollama::decodeModelList(
        R"({"models":[{"name":"llama3.2:latest","model":"llama3.2:latest","modified_at":"2024-08-01T02:00:00.123456789+02:00","size":1,)"
        R"("details":{"family":"llama"}},{"name":"old:7b"},{"size":3}]})");
    QVERIFY(models);
    QCOMPARE(*models, (QList<ModelInfo>{{.id = "llama3.2:latest", .created = 1722470400}, {.id = "old:7b"}}));
    QVERIFY(ollama::decodeModelList("{\"models\":[]}")->isEmpty());
}

void TestOllama::noTags()
{
    for (const char *body : {"", "<html>", "{}", "[]", "{\"models\":null}"})
        QVERIFY2(!ollama::decodeModelList(body), body);
}

QTEST_GUILESS_MAIN(TestOllama)
#include "tst_ollama.moc"
