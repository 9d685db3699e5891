// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/gemma/socket_messages.h"
#include "dialects/native/socket_messages.h"

#include <QTest>

using namespace gatehouse;
using native::CancelMessage;
using native::ChatBody;
using native::PingMessage;

static QByteArray textOf(const ChatRequest &request)
{
    return plainText(std::get<Conversation>(request.input).messages.last());
}

/// The messages of contract §2, those of A and E (`native`) and those of B (`gemma`).
class TestNativeSockets : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void chatsAlwaysStream_data();
    void chatsAlwaysStream();
    void commands_data();
    void commands();
    void typeStaysHere();
    void refusals_data();
    void refusals();
    void gemmaChat();
    void gemmaStreamsUnlessToldOtherwise();
    void gemmaTakesParameters();
    void gemmaRefusals_data();
    void gemmaRefusals();
    void errors();
    void errorsTellWhenToComeBack();
    void errorsSpeakOfMessages();
    void greetings();
};

void TestNativeSockets::chatsAlwaysStream_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("question");
    QTest::newRow("A") << QByteArray(
                              R"({"messages":[{"role":"user","content":"Hi"}],"params":{"temperature":1}})")
                       << QByteArray("Hi");
    QTest::newRow("E") << QByteArray(R"({"message":"Hé","model":"m"})") << QByteArray("Hé");
    QTest::newRow("told not to") << QByteArray(R"({"message":"Hi","stream":false})") << QByteArray("Hi");
    QTest::newRow("with a type") << QByteArray(R"({"type":"chat","message":"Hi"})") << QByteArray("Hi");
    QTest::newRow("type is null") << QByteArray(R"({"type":null,"message":"Hi"})") << QByteArray("Hi");
    QTest::newRow("several choices") << QByteArray(R"({"message":"Hi","n":3})") << QByteArray("Hi");
}

void TestNativeSockets::chatsAlwaysStream()
{
    QFETCH(const QByteArray, text);
    const auto message = native::decodeSocketMessage(text);
    QVERIFY(message);
    const auto *chat = std::get_if<ChatBody>(&*message);
    QVERIFY(chat);
    QTEST(textOf(chat->request), "question");
    QVERIFY(chat->request.stream);
    QCOMPARE(chat->request.choices, 1);
}

void TestNativeSockets::commands_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("cancels");
    QTest::newRow("cancel") << QByteArray(R"({"type":"cancel"})") << true;
    QTest::newRow("cancel with more") << QByteArray(R"({"id":7,"type":"cancel","data":null})") << true;
    QTest::newRow("ping") << QByteArray(R"( {"type" : "ping"} )") << false;
    QTest::newRow("escaped") << QByteArray(R"({"t\u0079pe":"p\u0069ng"})") << false;
}

void TestNativeSockets::commands()
{
    QFETCH(const QByteArray, text);
    QFETCH(const bool, cancels);
    const auto message = native::decodeSocketMessage(text);
    const auto gemma = gemma::decodeSocketMessage(text);
    QVERIFY(message && gemma);
    QCOMPARE(std::holds_alternative<CancelMessage>(*message), cancels);
    QCOMPARE(std::holds_alternative<PingMessage>(*message), !cancels);
    QCOMPARE(std::holds_alternative<CancelMessage>(*gemma), cancels);
    QCOMPARE(std::holds_alternative<PingMessage>(*gemma), !cancels);
}

void TestNativeSockets::typeStaysHere()
{
    const auto message = native::decodeSocketMessage(R"({"type":"chat","message":"Hi","x":1})");
    QVERIFY(message);
    const OpaqueFields expected{{.name = "x", .json = "1"}};
    QCOMPARE(std::get<ChatBody>(*message).request.extensions, expected);
}

void TestNativeSockets::refusals_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("param");
    QTest::newRow("empty object") << QByteArray("{}") << QByteArray("messages");
    QTest::newRow("unknown type") << QByteArray(R"({"type":"shout","message":"Hi"})") << QByteArray("type");
    QTest::newRow("empty type") << QByteArray(R"({"type":"","message":"Hi"})") << QByteArray("type");
    QTest::newRow("type is a number") << QByteArray(R"({"type":1})") << QByteArray("type");
    QTest::newRow("both") << QByteArray(R"({"message":"a","messages":[]})") << QByteArray("message");
    QTest::newRow("in params") << QByteArray(R"({"message":"a","params":{"seed":1.5}})")
                               << QByteArray("params.seed");
    QTest::newRow("not JSON") << QByteArray("hello") << QByteArray();
    QTest::newRow("a list") << QByteArray("[]") << QByteArray();
    QTest::newRow("nothing") << QByteArray() << QByteArray();
}

void TestNativeSockets::refusals()
{
    QFETCH(const QByteArray, text);
    const auto message = native::decodeSocketMessage(text);
    QVERIFY(!message);
    QCOMPARE(message.error().code, ErrorCode::InvalidRequest);
    QTEST(message.error().param, "param");
}

void TestNativeSockets::gemmaChat()
{
    const auto message = gemma::decodeSocketMessage(
        R"({"type":"chat","data":{"message":"Hi","session_id":"s-1","model":"m","x":[1]},"id":4})");
    QVERIFY(message);
    const auto *chat = std::get_if<gemma::ChatMessage>(&*message);
    QVERIFY(chat);
    QCOMPARE(textOf(chat->request), QByteArray("Hi"));
    QCOMPARE(chat->request.model, QByteArray("m"));
    QCOMPARE(chat->sessionId, QByteArray("s-1"));
    const OpaqueFields expected{{.name = "x", .json = "[1]"}};
    QCOMPARE(chat->request.extensions, expected);
}

void TestNativeSockets::gemmaStreamsUnlessToldOtherwise()
{
    const auto streams = [](const char *stream) {
        const auto message = gemma::decodeSocketMessage(
            QByteArray(R"({"type":"chat","data":{"message":"Hi")") + stream + "}}");
        return message && std::get<gemma::ChatMessage>(*message).request.stream;
    };
    QVERIFY(streams(""));
    QVERIFY(streams(",\"stream\":null"));
    QVERIFY(streams(",\"stream\":true"));
    QVERIFY(!streams(",\"stream\":false"));
}

void TestNativeSockets::gemmaTakesParameters()
{
    const auto message = gemma::decodeSocketMessage(
        R"({"data":{"message":"Hi","system":"S","params":{"temperature":0},"max_tokens":5,"n":4}})");
    QVERIFY(message);
    const ChatRequest &request = std::get<gemma::ChatMessage>(*message).request;
    QCOMPARE(std::get<Conversation>(request.input).messages.size(), 2);
    QCOMPARE(request.sampling.temperature, std::optional(0.0));
    QCOMPARE(request.maxTokens, std::optional<qint64>(5));
    QCOMPARE(request.choices, 1);
}

void TestNativeSockets::gemmaRefusals_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("param");
    const auto row = [](const char *text, const char *param) {
        QTest::newRow(text) << QByteArray(text) << QByteArray(param);
    };
    row(R"({"type":"chat"})", "data");
    row(R"({"type":"chat","data":null})", "data");
    row(R"({"type":"chat","data":"Hi"})", "data");
    row(R"({"type":"chat","data":{}})", "data.message");
    row(R"({"type":"chat","data":{"message":null}})", "data.message");
    row(R"({"type":"chat","data":{"message":""}})", "data.message");
    row(R"({"type":"chat","data":{"message":["Hi"]}})", "data.message");
    row(R"({"type":"chat","data":{"message":"Hi","messages":[]}})", "data.message");
    row(R"({"type":"chat","data":{"messages":[{}]}})", "data.messages[0].role");
    row(R"({"type":"chat","data":{"message":"Hi","stream":1}})", "data.stream");
    row(R"({"type":"chat","data":{"message":"Hi","session_id":1}})", "data.session_id");
    row(R"({"type":"chat","data":{"message":"Hi","params":{"top_p":2}}})", "data.params.top_p");
    row(R"({"type":"chat_complete","data":{"message":"Hi"}})", "type");
    row(R"([])", "");
    row(R"(})", "");
}

void TestNativeSockets::gemmaRefusals()
{
    QFETCH(const QByteArray, text);
    const auto message = gemma::decodeSocketMessage(text);
    QVERIFY(!message);
    QCOMPARE(message.error().code, ErrorCode::InvalidRequest);
    QTEST(message.error().param, "param");
}

void TestNativeSockets::errors()
{
    const Error full{.code = ErrorCode::Overloaded,
                     .message = QStringLiteral("Wait \"here\"."),
                     .detail = QStringLiteral("for the log"),
                     .reason = "queue_full"};
    QCOMPARE(native::encodeSocketError(full),
             QByteArray(
                 R"({"type":"error","error":{"message":"Wait \"here\".","type":"server_error","param":null,)"
                 R"("code":"queue_full"},"detail":"Wait \"here\"."})"));
    QCOMPARE(gemma::encodeError("s\"1", full),
             QByteArray(
                 R"({"type":"error","session_id":"s\"1","data":{"error":{"message":"Wait \"here\".",)"
                 R"("type":"server_error","param":null,"code":"queue_full"},"message":"Wait \"here\"."}})"));
}

void TestNativeSockets::errorsTellWhenToComeBack()
{
    const Error limited{.code = ErrorCode::RateLimited,
                        .message = QStringLiteral("Wait."),
                        .retryAfter = std::chrono::seconds(7)};
    QVERIFY(native::encodeSocketError(limited).endsWith(R"(},"detail":"Wait.","retry_after":7})"));
    QVERIFY(gemma::encodeError("s", limited).endsWith(R"(},"message":"Wait.","retry_after":7}})"));
}

void TestNativeSockets::errorsSpeakOfMessages()
{
    for (const char *text : {"", "hello", "[]", "{\"a\":\"\xff\"}"}) {
        QVERIFY(native::decodeSocketMessage(text).error().message.contains(QStringLiteral("the message"),
                                                                           Qt::CaseInsensitive));
        QVERIFY(gemma::decodeSocketMessage(text).error().message.contains(QStringLiteral("the message"),
                                                                          Qt::CaseInsensitive));
    }
}

void TestNativeSockets::greetings()
{
    QCOMPARE(native::encodePong(), QByteArray(R"({"type":"pong"})"));
    QCOMPARE(gemma::encodePong("s"), QByteArray(R"({"type":"pong","session_id":"s","data":{}})"));
    QCOMPARE(gemma::encodeConnected("s"), QByteArray(R"({"type":"connected","session_id":"s","data":{}})"));
}

QTEST_GUILESS_MAIN(TestNativeSockets)
#include "tst_native_sockets.moc"
