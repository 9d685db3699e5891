// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/native/request_decoder.h"
#include "dialects/ollama/request_encoder.h"
#include "dialects/openai/request_decoder.h"
#include "dialects/openai/request_encoder.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;
using native::ChatBody;
using native::ChatForm;
using native::decodeChatBody;

/// A body of A's and C's form with the members given.
static QByteArray chat(const QByteArray &members)
{
    return R"({"messages":[{"role":"user","content":"Hi"}])" + (members.isEmpty() ? "" : "," + members) + "}";
}

static QJsonObject object(const QByteArray &json)
{
    return QJsonDocument::fromJson(json).object();
}

/// What an OpenAI-compatible upstream is sent.
static QJsonObject upstream(const ChatRequest &request)
{
    return object(openai::encodeRequest(request, "m"));
}

static QList<Message> messagesOf(const ChatBody &body)
{
    return std::get<Conversation>(body.request.input).messages;
}

/// Whole bodies are in tests/contract/native; here are the single rules of contract §1.
class TestNativeRequest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void readsWhatOpenAiReads_data();
    void readsWhatOpenAiReads();
    void messageIsOneTurn();
    void systemGoesFirst();
    void nullIsAbsent();
    void parametersCountWhereTheBodySaysNothing_data();
    void parametersCountWhereTheBodySaysNothing();
    void tokenLimitHasThreeNames_data();
    void tokenLimitHasThreeNames();
    void unknownParametersGoOn();
    void ollamaGetsItsOptions();
    void ownMembersStayHere();
    void sessionId();
    void refusals_data();
    void refusals();
};

void TestNativeRequest::readsWhatOpenAiReads_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("plain") << chat("");
    QTest::newRow("sampling") << chat(
        R"("temperature":0.5,"top_p":0.9,"top_k":40,"seed":7,"stop":["a","b"])");
    QTest::newRow("names") << chat(R"("model":"org/m:7b","modelKey":"box","stream":true,"n":2)");
    QTest::newRow("limits") << chat(R"("max_tokens":5,"max_completion_tokens":9,"logprobs":true)");
    QTest::newRow("tools") << chat(
        R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto")");
    QTest::newRow("unknown") << chat(R"("stream_options":{"x":1},"guided":{"a":[1, 2]},"keep_alive":"5m")");
}

void TestNativeRequest::readsWhatOpenAiReads()
{
    QFETCH(const QByteArray, body);
    const auto decoded = decodeChatBody(body);
    QVERIFY(decoded);
    QCOMPARE(decoded->form, ChatForm::Messages);
    QVERIFY(decoded->request == *openai::decodeChatRequest(body));
}

void TestNativeRequest::messageIsOneTurn()
{
    const auto body = decodeChatBody(R"({"message":"Hi","model":"m","modelKey":"box","temperature":0})");
    QVERIFY(body);
    QCOMPARE(body->form, ChatForm::Message);
    QCOMPARE(messagesOf(*body), QList<Message>{textMessage(Role::User, "Hi")});
    QCOMPARE(body->request.model, QByteArray("m"));
    QCOMPARE(body->request.routeKey, QByteArray("box"));
    QCOMPARE(body->request.sampling.temperature, std::optional(0.0));
    QVERIFY(!body->request.stream);
}

void TestNativeRequest::systemGoesFirst()
{
    const QList<Message> turns{textMessage(Role::System, "Be brief."), textMessage(Role::User, "Hi")};
    const auto message = decodeChatBody(R"({"message":"Hi","system":"Be brief."})");
    QVERIFY(message);
    QCOMPARE(messagesOf(*message), turns);
    const auto messages = decodeChatBody(chat(R"("system":"Be brief.")"));
    QVERIFY(messages);
    QCOMPARE(messagesOf(*messages), turns);
    const auto empty = decodeChatBody(R"({"message":"Hi","system":""})");
    QVERIFY(empty);
    QCOMPARE(messagesOf(*empty).size(), 1);
}

void TestNativeRequest::nullIsAbsent()
{
    const auto body = decodeChatBody(
        R"({"message":"Hi","messages":null,"system":null,"params":null,"options":null,"session_id":null,"model":null})");
    QVERIFY(body);
    QCOMPARE(body->form, ChatForm::Message);
    QCOMPARE(messagesOf(*body).size(), 1);
    QVERIFY(body->sessionId.isEmpty());
    const auto other = decodeChatBody(chat(R"("message":null)"));
    QVERIFY(other);
    QCOMPARE(other->form, ChatForm::Messages);
    QVERIFY(other->request.extensions.isEmpty());
}

void TestNativeRequest::parametersCountWhereTheBodySaysNothing_data()
{
    QTest::addColumn<QByteArray>("members");
    QTest::addColumn<double>("temperature");
    QTest::newRow("params") << QByteArray(R"("params":{"temperature":0.5})") << 0.5;
    QTest::newRow("options") << QByteArray(R"("options":{"temperature":0.5})") << 0.5;
    QTest::newRow("params before options")
        << QByteArray(R"("options":{"temperature":1},"params":{"temperature":0.5})") << 0.5;
    QTest::newRow("body before params")
        << QByteArray(R"("params":{"temperature":1},"temperature":0.5)") << 0.5;
    QTest::newRow("null in the body")
        << QByteArray(R"("temperature":null,"params":{"temperature":0.5})") << 0.5;
    QTest::newRow("the last of two") << QByteArray(R"("params":{"temperature":1,"temperature":0.5})") << 0.5;
    QTest::newRow("escaped") << QByteArray(R"("params":{"temperatur\u0065":0.5})") << 0.5;
}

void TestNativeRequest::parametersCountWhereTheBodySaysNothing()
{
    QFETCH(const QByteArray, members);
    QFETCH(const double, temperature);
    const auto body = decodeChatBody(chat(members));
    QVERIFY(body);
    QCOMPARE(body->request.sampling.temperature, std::optional(temperature));
    QVERIFY(body->request.extensions.isEmpty());
}

void TestNativeRequest::tokenLimitHasThreeNames_data()
{
    QTest::addColumn<QByteArray>("members");
    QTest::addColumn<qint64>("limit"); // 0: none
    const auto row = [](const char *members, qint64 limit) {
        QTest::newRow(members) << QByteArray(members) << limit;
    };
    row(R"("max_tokens":7)", 7);
    row(R"("params":{"max_tokens":7})", 7);
    row(R"("options":{"num_predict":7})", 7);
    row(R"("params":{"num_predict":7})", 7);
    row(R"("max_tokens":7,"options":{"num_predict":9})", 7);
    row(R"("max_completion_tokens":7,"options":{"num_predict":9})", 7);
    row(R"("max_tokens":7,"params":{"max_completion_tokens":9})", 7);
    row(R"("params":{"max_tokens":7},"options":{"num_predict":9})", 7);
    row(R"("max_tokens":null,"options":{"num_predict":7})", 7);
    row(R"("options":{"num_predict":-1})", 0);
    row(R"("options":{"num_predict":-2})", 0);
    row(R"("options":{"num_predict":null})", 0);
}

void TestNativeRequest::tokenLimitHasThreeNames()
{
    QFETCH(const QByteArray, members);
    QFETCH(const qint64, limit);
    const auto body = decodeChatBody(chat(members));
    QVERIFY(body);
    QCOMPARE(body->request.maxTokens.value_or(0), limit);
    QVERIFY(body->request.extensions.isEmpty());
    QVERIFY(!upstream(body->request).contains(u"num_predict"));
}

void TestNativeRequest::unknownParametersGoOn()
{
    const auto body = decodeChatBody(chat(
        R"("params":{"guided":1,"top_p":0.5},"options":{"tfs":2,"top_k":3,"num_predict":4},"mine":true)"));
    QVERIFY(body);
    const QJsonObject sent = upstream(body->request);
    QCOMPARE(sent.value(u"guided").toInt(), 1);
    QCOMPARE(sent.value(u"mine").toBool(), true);
    QCOMPARE(sent.value(u"top_p").toDouble(), 0.5);
    QCOMPARE(sent.value(u"top_k").toInt(), 3);
    QCOMPARE(sent.value(u"max_tokens").toInt(), 4);
    QCOMPARE(sent.value(u"options").toObject(), object(R"({"tfs":2})"));
    QVERIFY(!sent.contains(u"params"));
}

void TestNativeRequest::ollamaGetsItsOptions()
{
    const auto body = decodeChatBody(chat(
        R"("params":{"num_ctx":8192,"temperature":0.5},"options":{"tfs":2,"num_ctx":1,"num_predict":4},"keep_alive":"5m")"));
    QVERIFY(body);
    const auto asked = ollama::encodeRequest(body->request, "m");
    QVERIFY(asked);
    const QJsonObject sent = object(*asked);
    QCOMPARE(sent.value(u"options").toObject(),
             object(R"({"num_ctx":8192,"temperature":0.5,"tfs":2,"num_predict":4})"));
    QCOMPARE(sent.value(u"keep_alive").toString(), QStringLiteral("5m"));
    QVERIFY(!sent.contains(u"num_ctx"));
}

void TestNativeRequest::ownMembersStayHere()
{
    const auto body = decodeChatBody(
        R"({"message":"Hi","system":"S","session_id":"s","modelKey":"k","params":{"seed":1},"options":{"seed":2},"x":0})");
    QVERIFY(body);
    QCOMPARE(upstream(body->request).keys(),
             (QStringList{QStringLiteral("messages"), QStringLiteral("model"), QStringLiteral("seed"),
                          QStringLiteral("stream"), QStringLiteral("x")}));
}

void TestNativeRequest::sessionId()
{
    const auto longest = decodeChatBody(chat("\"session_id\":\"" + QByteArray(256, 'x') + '"'));
    QVERIFY(longest);
    QCOMPARE(longest->sessionId, QByteArray(256, 'x'));
    const auto spaced = decodeChatBody(chat(R"("session_id":" a\u00e9/ ")"));
    QVERIFY(spaced);
    QCOMPARE(spaced->sessionId, QByteArray(" aé/ "));
}

void TestNativeRequest::refusals_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("param");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const char *name, const QByteArray &body, const char *param, const char *reason) {
        QTest::newRow(name) << body << QByteArray(param) << QByteArray(reason);
    };
    row("both", chat(R"("message":"Hi")"), "message", "invalid_value");
    row("neither", R"({"model":"m"})", "messages", "missing_required_parameter");
    row("both null", R"({"message":null,"messages":null})", "messages", "missing_required_parameter");
    row("empty message", R"({"message":""})", "message", "empty_string");
    row("message is an object", R"({"message":{"content":"Hi"}})", "message", "invalid_type");
    row("message is a number", R"({"message":1})", "message", "invalid_type");
    row("both, of wrong type", R"({"message":1,"messages":2})", "message", "invalid_value");
    row("messages is text", R"({"messages":"Hi"})", "messages", "invalid_type");
    row("no messages", R"({"messages":[]})", "messages", "empty_array");
    row("no role", R"({"messages":[{"content":"a"}]})", "messages[0].role", "missing_required_parameter");
    row("system is a list", R"({"message":"Hi","system":["S"]})", "system", "invalid_type");
    row("session is a number", chat(R"("session_id":5)"), "session_id", "invalid_type");
    row("session is too long", chat("\"session_id\":\"" + QByteArray(257, 'x') + '"'), "session_id",
        "string_above_max_length");
    row("params is a list", chat(R"("params":[])"), "params", "invalid_type");
    row("options is text", chat(R"("options":"fast")"), "options", "invalid_type");
    row("in params", chat(R"("params":{"temperature":3})"), "params.temperature", "invalid_value");
    row("in options", chat(R"("options":{"top_p":"x"})"), "options.top_p", "invalid_type");
    row("no tokens", chat(R"("options":{"num_predict":0})"), "options.num_predict", "invalid_value");
    row("tokens as text", chat(R"("params":{"num_predict":"5"})"), "params.num_predict", "invalid_type");
    row("alternatives", chat(R"("params":{"top_logprobs":2})"), "params.top_logprobs", "invalid_value");
    row("messages in params", R"({"params":{"messages":[]}})", "messages", "missing_required_parameter");
    row("second question", chat(R"("params":{"message":"Hi"})"), "params.message", "invalid_value");
    row("nested groups", chat(R"("options":{"params":{}})"), "options.params", "invalid_value");
    row("stream as text", chat(R"("stream":"yes")"), "stream", "invalid_type");
    row("not an object", "[]", "", "invalid_type");
    row("not JSON", "{", "", "invalid_json");
    row("nothing", "", "", "invalid_json");
    row("not UTF-8", "{\"message\":\"\xff\"}", "", "invalid_json");
    row("lone number", "5", "", "invalid_json");
}

void TestNativeRequest::refusals()
{
    QFETCH(const QByteArray, body);
    const auto decoded = decodeChatBody(body);
    QVERIFY(!decoded);
    QCOMPARE(decoded.error().code, ErrorCode::InvalidRequest);
    QTEST(decoded.error().param, "param");
    QTEST(decoded.error().reason, "reason");
    QVERIFY(!decoded.error().message.isEmpty());
}

QTEST_GUILESS_MAIN(TestNativeRequest)
#include "tst_native_request.moc"
