// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/request_decoder.h"
#include "dialects/openai/request_encoder.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;
using openai::decodeChatRequest;
using openai::decodeCompletionRequest;
using openai::encodeRequest;

/// A chat request with one message and the members given.
static QByteArray chat(const QByteArray &members)
{
    return R"({"messages":[{"role":"user","content":"Hi"}])" + (members.isEmpty() ? "" : "," + members) + "}";
}

static QByteArray chatOf(const QByteArray &messages)
{
    return R"({"messages":)" + messages + "}";
}

static QJsonObject object(const QByteArray &json)
{
    return QJsonDocument::fromJson(json).object();
}

class TestOpenAiRequest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everyField();
    void messages();
    void toolConversation();
    void parts();
    void nullIsAbsent();
    void tokenLimits();
    void stops();
    void logprobs();
    void completion();
    void refusals_data();
    void refusals();
    void completionRefusals_data();
    void completionRefusals();
    void bounds();
    void lastDuplicateCounts();
    void roundTrip_data();
    void roundTrip();
    void streamOptions();
    void unknownFieldsGoOnUnchanged();
    void spelling();
};

void TestOpenAiRequest::everyField()
{
    const auto request = decodeChatRequest(chat(
        R"("model":"org/model:7b","modelKey":"box","stream":true,"stream_options":{"include_usage":true},"temperature":0,)"
        R"("top_p":0.9,"top_k":40,"min_p":0.05,"presence_penalty":-2,"frequency_penalty":2,"repeat_penalty":1.1,)"
        R"("seed":9007199254740993,"n":2,"max_tokens":5,"tools":[{"type":"function","function":{"name":"f"}}],)"
        R"("tool_choice":"auto","response_format":{"type":"json_object"},"user":"me")"));
    QVERIFY(request);
    QCOMPARE(request->model, QByteArray("org/model:7b"));
    QCOMPARE(request->routeKey, QByteArray("box"));
    QVERIFY(request->stream && request->includeUsage && request->isConversation());
    const Sampling expected{.temperature = 0,
                            .topP = 0.9,
                            .topK = 40,
                            .minP = 0.05,
                            .presencePenalty = -2,
                            .frequencyPenalty = 2,
                            .repeatPenalty = 1.1,
                            .seed = 9007199254740993};
    QVERIFY(request->sampling == expected);
    QCOMPARE(request->choices, 2);
    QCOMPARE(request->maxTokens, 5);
    QCOMPARE(request->tools, QByteArray("[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]"));
    QCOMPARE(request->toolChoice, QByteArray("\"auto\""));
    QCOMPARE(request->responseFormat, QByteArray("{\"type\":\"json_object\"}"));
    QCOMPARE(request->extensions, (OpaqueFields{{.name = "user", .json = "\"me\""}}));
}

void TestOpenAiRequest::messages()
{
    const auto request = decodeChatRequest(chatOf(
        R"([{"role":"system","content":"S"},{"role":"developer","content":"D"},{"content":"U","role":"user","name":"ann"},)"
        R"({"role":"assistant","content":"A","reasoning_content":"hm","x":[1, 2]},)"
        R"({"role":"tool","content":"T","tool_call_id":"c1"},{"role":"user","content":""}])"));
    QVERIFY(request);
    const QList<Message> &messages = std::get<Conversation>(request->input).messages;
    QCOMPARE(messages.size(), 6);
    QVERIFY(messages.at(0) == textMessage(Role::System, "S"));
    QVERIFY(messages.at(1) == textMessage(Role::Developer, "D"));
    QCOMPARE(messages.at(2).name, QByteArray("ann"));
    QCOMPARE(messages.at(3).extensions, (OpaqueFields{{.name = "reasoning_content", .json = "\"hm\""},
                                                      {.name = "x", .json = "[1, 2]"}}));
    QCOMPARE(messages.at(4).toolCallId, QByteArray("c1"));
    QVERIFY(messages.at(5).content.has_value());
}

void TestOpenAiRequest::toolConversation()
{
    const auto request = decodeChatRequest(chatOf(
        R"([{"role":"assistant","content":null,"tool_calls":[)"
        R"({"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"},"extra_content":{"s":"x"}},)"
        R"({"id":"c2","index":1,"function":{"name":"g","arguments":{"b":[2]}}}]}])"));
    QVERIFY(request);
    const Message &message = std::get<Conversation>(request->input).messages.first();
    QVERIFY(!message.content);
    QCOMPARE(message.toolCalls.size(), 2);
    QCOMPARE(message.toolCalls.at(0).arguments, QByteArray("{\"a\":1}"));
    QCOMPARE(message.toolCalls.at(0).extensions,
             (OpaqueFields{{.name = "extra_content", .json = "{\"s\":\"x\"}"}}));
    QCOMPARE(message.toolCalls.at(1).arguments, QByteArray("{\"b\":[2]}"));
    QVERIFY(message.toolCalls.at(1).extensions.isEmpty());
}

void TestOpenAiRequest::parts()
{
    const QByteArray image = R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}})";
    const QByteArray marked = R"({"type":"text","text":"c","cache_control":{"type":"ephemeral"}})";
    const auto request = decodeChatRequest(
        chatOf(R"([{"role":"user","content":[{"type":"text","text":"a"},)" + image + "," + marked + "]}]"));
    QVERIFY(request);
    const Message &message = std::get<Conversation>(request->input).messages.first();
    QVERIFY(!message.contentIsString);
    QCOMPARE(*message.content, (QList<ContentPart>{{.type = "text", .text = "a", .json = {}},
                                                   {.type = "image_url", .text = {}, .json = image},
                                                   {.type = "text", .text = "c", .json = marked}}));
    QCOMPARE(plainText(message), QByteArray("ac"));
    QVERIFY(encodeRequest(*request, "m")
                .contains("[{\"type\":\"text\",\"text\":\"a\"}," + image + "," + marked + "]"));
}

void TestOpenAiRequest::nullIsAbsent()
{
    const QByteArrayList names = {
        "model",         "modelKey",     "stream", "stream_options",   "temperature",
        "top_p",         "top_k",        "min_p",  "presence_penalty", "frequency_penalty",
        "seed",          "stop",         "n",      "max_tokens",       "max_completion_tokens",
        "logprobs",      "top_logprobs", "tools",  "tool_choice",      "response_format",
        "repeat_penalty"};
    QByteArray members;
    for (const QByteArray &name : names)
        members += (members.isEmpty() ? "\"" : ",\"") + name + "\":null";
    const auto request = decodeChatRequest(chat(members));
    QVERIFY(request);
    QVERIFY(*request == *decodeChatRequest(chat({})));
}

void TestOpenAiRequest::tokenLimits()
{
    const auto old = decodeChatRequest(chat(R"("max_tokens":7)"));
    QCOMPARE(old->maxTokens, 7);
    QVERIFY(encodeRequest(*old, "m").contains("\"max_tokens\":7"));
    const auto both = decodeChatRequest(chat(R"("max_completion_tokens":9,"max_tokens":7.0)"));
    QCOMPARE(both->maxTokens, 9);
    const QByteArray body = encodeRequest(*both, "m");
    QVERIFY(body.contains("\"max_completion_tokens\":9") && !body.contains("\"max_tokens\""));
}

void TestOpenAiRequest::stops()
{
    QCOMPARE(decodeChatRequest(chat(R"("stop":"END")"))->stop, QList<QByteArray>{"END"});
    QCOMPARE(decodeChatRequest(chat(R"("stop":["a","","b"])"))->stop, (QList<QByteArray>{"a", "b"}));
    QVERIFY(decodeChatRequest(chat(R"("stop":"")"))->stop.isEmpty());
    QVERIFY(decodeChatRequest(chat(R"("stop":[])"))->stop.isEmpty());
}

void TestOpenAiRequest::logprobs()
{
    QVERIFY(!decodeChatRequest(chat(R"("logprobs":false)"))->topLogprobs);
    QVERIFY(!decodeChatRequest(chat(R"("logprobs":false,"top_logprobs":0)"))->topLogprobs);
    QCOMPARE(decodeChatRequest(chat(R"("logprobs":true)"))->topLogprobs, 0);
    const auto five = decodeChatRequest(chat(R"("top_logprobs":5,"logprobs":true)"));
    QCOMPARE(five->topLogprobs, 5);
    QVERIFY(encodeRequest(*five, "m").contains("\"logprobs\":true,\"top_logprobs\":5"));
}

void TestOpenAiRequest::completion()
{
    const auto one =
        decodeCompletionRequest(R"({"prompt":"Once","echo":true,"logprobs":3,"max_tokens":4,"best_of":2})");
    QVERIFY(one);
    QVERIFY(std::get<Prompt>(one->input) == (Prompt{.texts = {"Once"}, .echo = true}));
    QCOMPARE(one->topLogprobs, 3);
    QCOMPARE(
        encodeRequest(*one, "m"),
        QByteArray("{\"model\":\"m\",\"prompt\":\"Once\",\"echo\":true,\"stream\":false,\"max_tokens\":4,"
                   "\"logprobs\":3,\"best_of\":2}"));
    const auto two = decodeCompletionRequest(R"({"prompt":["a","b"]})");
    QCOMPARE(std::get<Prompt>(two->input).texts, (QList<QByteArray>{"a", "b"}));
    QCOMPARE(encodeRequest(*two, "m"),
             QByteArray("{\"model\":\"m\",\"prompt\":[\"a\",\"b\"],\"stream\":false}"));
}

void TestOpenAiRequest::refusals_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("param");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const QByteArray &body, const char *param, const char *reason) {
        QTest::newRow(qPrintable(QString::fromUtf8(body.left(120))))
            << body << QByteArray(param) << QByteArray(reason);
    };
    for (const char *text : {"", "x", "{", "{\"a\":\"\xff\"}", "{\"messages\":[]} x", "{\"messages\":[{]}"})
        row(text, "", "invalid_json");
    row("[" + chat({}) + "]", "", "invalid_type");
    row("{}", "messages", "missing_required_parameter");
    row(chatOf("null"), "messages", "missing_required_parameter");
    row(chatOf("{}"), "messages", "invalid_type");
    row(chatOf("[]"), "messages", "empty_array");
    row(chatOf("[1]"), "messages[0]", "invalid_type");
    row(chatOf(R"([{"content":"a"}])"), "messages[0].role", "missing_required_parameter");
    row(chatOf(R"([{"role":"user","content":"a"},{"role":1,"content":"a"}])"), "messages[1].role",
        "invalid_type");
    row(chatOf(R"([{"role":"owner","content":"a"}])"), "messages[0].role", "invalid_value");
    row(chatOf(R"([{"role":"user"}])"), "messages[0].content", "missing_required_parameter");
    row(chatOf(R"([{"role":"user","content":null}])"), "messages[0].content", "missing_required_parameter");
    row(chatOf(R"([{"role":"assistant","content":null}])"), "messages[0].content",
        "missing_required_parameter");
    row(chatOf(R"([{"role":"user","content":5}])"), "messages[0].content", "invalid_type");
    row(chatOf(R"([{"role":"user","content":[]}])"), "messages[0].content", "empty_array");
    row(chatOf(R"([{"role":"user","content":["a"]}])"), "messages[0].content[0]", "invalid_type");
    row(chatOf(R"([{"role":"user","content":[{"text":"a"}]}])"), "messages[0].content[0].type",
        "missing_required_parameter");
    row(chatOf(R"([{"role":"user","content":[{"type":"text"}]}])"), "messages[0].content[0].text",
        "missing_required_parameter");
    row(chatOf(R"([{"role":"user","content":[{"type":"text","text":{}}]}])"), "messages[0].content[0].text",
        "invalid_type");
    row(chatOf(R"([{"role":"user","content":"a","name":{}}])"), "messages[0].name", "invalid_type");
    row(chatOf(R"([{"role":"tool","content":"a"}])"), "messages[0].tool_call_id",
        "missing_required_parameter");
    row(chatOf(R"([{"role":"assistant","tool_calls":{}}])"), "messages[0].tool_calls", "invalid_type");
    row(chatOf(R"([{"role":"assistant","tool_calls":[{"id":"a"}]}])"), "messages[0].tool_calls[0].function",
        "missing_required_parameter");
    row(chatOf(R"([{"role":"assistant","tool_calls":[{"id":"a","function":{"arguments":""}}]}])"),
        "messages[0].tool_calls[0].function.name", "missing_required_parameter");
    row(chatOf(R"([{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f"}}]}])"),
        "messages[0].tool_calls[0].function.arguments", "missing_required_parameter");
    row(chatOf(R"([{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":1}}]}])"),
        "messages[0].tool_calls[0].function.arguments", "invalid_type");
    row(chatOf(R"([{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}])"),
        "messages[0].tool_calls[0].id", "missing_required_parameter");
    row(chatOf(R"([{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{}}]}])"),
        "messages[0].tool_calls[0].type", "invalid_value");
    for (const char *field :
         {"temperature", "top_p", "min_p", "presence_penalty", "frequency_penalty", "repeat_penalty", "top_k",
          "seed", "n", "max_tokens", "max_completion_tokens", "top_logprobs"})
        row(chat('"' + QByteArray(field) + "\":\"1\""), field, "invalid_type");
    for (const char *field : {"stream", "logprobs"})
        row(chat('"' + QByteArray(field) + "\":1"), field, "invalid_type");
    for (const char *field :
         {"model", "modelKey", "stop", "tools", "tool_choice", "response_format", "stream_options"})
        row(chat('"' + QByteArray(field) + "\":7"), field, "invalid_type");
    const std::pair<const char *, const char *> outOfRange[] = {{"temperature", "-0.1"},
                                                                {"temperature", "2.1"},
                                                                {"temperature", "1e999"},
                                                                {"top_p", "1.01"},
                                                                {"top_p", "-1"},
                                                                {"min_p", "2"},
                                                                {"presence_penalty", "2.5"},
                                                                {"frequency_penalty", "-2.5"},
                                                                {"repeat_penalty", "0"},
                                                                {"top_k", "-2"},
                                                                {"top_k", "1.5"},
                                                                {"seed", "99999999999999999999"},
                                                                {"n", "0"},
                                                                {"n", "17"},
                                                                {"max_tokens", "0"},
                                                                {"max_tokens", "-1"},
                                                                {"max_completion_tokens", "0.5"},
                                                                {"top_logprobs", "21"},
                                                                {"top_logprobs", "2"}};
    for (const auto &[field, value] : outOfRange)
        row(chat('"' + QByteArray(field) + "\":" + value), field, "invalid_value");
    row(chat(R"("stop":["a",1])"), "stop[1]", "invalid_type");
    row(chat(R"("stop":[)" + QByteArray("\"a\",").repeated(16) + R"("a"])"), "stop[16]",
        "array_above_max_length");
    row(chat(R"("stop":")" + QByteArray(1025, 'a') + '"'), "stop", "string_above_max_length");
    row(chat(R"("model":")" + QByteArray(513, 'a') + '"'), "model", "string_above_max_length");
    row(chat(R"("tools":[1])"), "tools[0]", "invalid_type");
    row(chat(R"("tools":[{}])"), "tools[0].type", "missing_required_parameter");
    row(chat(R"("response_format":{})"), "response_format.type", "missing_required_parameter");
    row(chat(R"("stream_options":{"include_usage":1})"), "stream_options.include_usage", "invalid_type");
}

void TestOpenAiRequest::refusals()
{
    QFETCH(const QByteArray, body);
    QFETCH(const QByteArray, param);
    QFETCH(const QByteArray, reason);
    const auto request = decodeChatRequest(body);
    QVERIFY(!request);
    QCOMPARE(request.error().code, ErrorCode::InvalidRequest);
    QCOMPARE(request.error().param, param);
    QCOMPARE(request.error().reason, reason);
    QVERIFY(!request.error().message.isEmpty());
}

void TestOpenAiRequest::completionRefusals_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("param");
    const auto row = [](const char *body, const char *param) {
        QTest::newRow(body) << QByteArray(body) << QByteArray(param);
    };
    row("{\"model\":\"m\"}", "prompt");
    row("{\"prompt\":null}", "prompt");
    row("{\"prompt\":{}}", "prompt");
    row("{\"prompt\":[]}", "prompt");
    row("{\"prompt\":[1,2]}", "prompt[0]");
    row("{\"prompt\":[\"a\",[1]]}", "prompt[1]");
    row("{\"prompt\":\"a\",\"logprobs\":6}", "logprobs");
    row("{\"prompt\":\"a\",\"logprobs\":true}", "logprobs");
    row("{\"prompt\":\"a\",\"echo\":\"yes\"}", "echo");
    row("[]", "");
}

void TestOpenAiRequest::completionRefusals()
{
    QFETCH(const QByteArray, body);
    QFETCH(const QByteArray, param);
    const auto request = decodeCompletionRequest(body);
    QVERIFY(!request);
    QCOMPARE(request.error().code, ErrorCode::InvalidRequest);
    QCOMPARE(request.error().param, param);
}

void TestOpenAiRequest::bounds()
{
    const QByteArray message = R"({"role":"user","content":""},)";
    const auto many = [&message](int count) {
        return chatOf('[' + message.repeated(count).chopped(1) + ']');
    };
    QVERIFY(decodeChatRequest(many(16384)));
    const auto tooMany = decodeChatRequest(many(16385));
    QVERIFY(!tooMany && tooMany.error().param == "messages");

    QByteArray members;
    for (int i = 0; i < 256; ++i)
        members += "\"x" + QByteArray::number(i) + "\":0,";
    const auto fields =
        decodeChatRequest('{' + members + "\"messages\":[{\"role\":\"user\",\"content\":\"\"}]}");
    QVERIFY(!fields && fields.error().reason == "array_above_max_length");

    const auto deep = decodeChatRequest(chat("\"x\":" + QByteArray(64, '[') + QByteArray(64, ']')));
    QVERIFY(!deep && deep.error().message.contains(QLatin1String("deep")));
    QVERIFY(decodeChatRequest(chat("\"x\":" + QByteArray(63, '[') + QByteArray(63, ']'))));
}

void TestOpenAiRequest::lastDuplicateCounts()
{
    const auto request = decodeChatRequest(
        R"({"model":"a","messages":1,"user":1,"model":"b","messages":[{"role":"x","role":"user","content":"Hi"}],"u\u0073er":2})");
    QVERIFY(request);
    QCOMPARE(request->model, QByteArray("b"));
    QCOMPARE(std::get<Conversation>(request->input).messages.size(), 1);
    QCOMPARE(request->extensions, (OpaqueFields{{.name = "user", .json = "2"}}));
    const auto reset = decodeChatRequest(chat(R"("temperature":1,"temperature":null)"));
    QVERIFY(reset && !reset->sampling.temperature);
}

void TestOpenAiRequest::roundTrip_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("plain") << chat(R"("model":"m","stream":false)");
    QTest::newRow("all") << chat(
        R"("model":"m","stream":false,"temperature":0.7,"top_p":0.1,"top_k":-1,"min_p":0.01,"presence_penalty":1.5,)"
        R"("frequency_penalty":-0.25,"repeat_penalty":1.05,"seed":-5,"stop":["a","\n\n"],"max_completion_tokens":10,"n":3,)"
        R"("logprobs":true,"top_logprobs":2,"tools":[{"type":"function","function":{"name":"f","parameters":{"a":[]}}}],)"
        R"("tool_choice":{"type":"function","function":{"name":"f"}},"response_format":{"type":"text"},)"
        R"("logit_bias":{"50256":-100},"metadata":{"ä":"\u00e4"},"parallel_tool_calls":false,"mirostat":null)");
    QTest::newRow("conversation") << QByteArray(
        R"({"model":"m","stream":false,"messages":[{"role":"developer","content":"Be \"brief\"\n"},)"
        R"({"role":"user","content":[{"type":"text","text":"What?"},{"type":"input_audio","input_audio":{"data":"A","format":"wav"}}],"name":"n"},)"
        R"({"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}}]},)"
        R"({"role":"tool","content":"😀","tool_call_id":"1"}]})");
}

/// What a caller sent reaches the upstream with the same meaning, as another implementation of JSON reads it.
void TestOpenAiRequest::roundTrip()
{
    QFETCH(const QByteArray, body);
    const auto request = decodeChatRequest(body);
    QVERIFY(request);
    const QByteArray encoded = encodeRequest(*request, "m");
    QCOMPARE(object(encoded), object(body));
    const auto again = decodeChatRequest(encoded);
    QVERIFY(again && *again == *request);
}

void TestOpenAiRequest::streamOptions()
{
    const auto usageOf = [](const QByteArray &members) {
        const auto request = decodeChatRequest(chat(members));
        return object(encodeRequest(*request, "m")).value(QLatin1String("stream_options")).toObject();
    };
    const QJsonObject wanted{{QStringLiteral("include_usage"), true}};
    QCOMPARE(usageOf(R"("stream":true)"), wanted);
    QCOMPARE(usageOf(R"("stream":true,"stream_options":{"include_usage":false})"), wanted);
    QCOMPARE(
        usageOf(R"("stream":true,"stream_options":{"continuous_usage_stats":true,"include_usage":true})"),
        (QJsonObject{{QStringLiteral("include_usage"), true},
                     {QStringLiteral("continuous_usage_stats"), true}}));
    QCOMPARE(usageOf(R"("stream":false,"stream_options":{"x":1})"), QJsonObject());
    QVERIFY(
        !decodeChatRequest(chat(R"("stream":true,"stream_options":{"include_usage":false})"))->includeUsage);
}

void TestOpenAiRequest::unknownFieldsGoOnUnchanged()
{
    const QByteArray opaque =
        R"("x":123456789012345678901234567890,"y" : { "a":[1.10, "\u00e4"] },"é\"":1e400)";
    const auto request = decodeChatRequest(chat(opaque));
    QVERIFY(request);
    QVERIFY(encodeRequest(*request, "m")
                .endsWith(",\"x\":123456789012345678901234567890,\"y\":{ \"a\":[1.10, \"\\u00e4\"] "
                          "},\"é\\\"\":1e400}"));
}

void TestOpenAiRequest::spelling()
{
    const auto request = decodeChatRequest(chat(R"("model":"caller's","modelKey":"box")"));
    QCOMPARE(encodeRequest(*request, "upstream's"),
             QByteArray("{\"model\":\"upstream's\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],"
                        "\"stream\":false}"));
    QCOMPARE(openai::requestPath(*request), QByteArray("chat/completions"));
    QCOMPARE(openai::requestPath(*decodeCompletionRequest("{\"prompt\":\"\"}")), QByteArray("completions"));
}

QTEST_GUILESS_MAIN(TestOpenAiRequest)
#include "tst_openai_request.moc"
