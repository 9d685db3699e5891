// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/gemma/answer_encoder.h"
#include "dialects/native/answer_encoder.h"
#include "dialects/native/models_body.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;
using native::Framing;

static native::AnswerEncoder encoder(Framing framing, const QByteArray &model = "m")
{
    return native::AnswerEncoder({.id = "i", .model = model, .framing = framing, .latency = [] {
                                      return std::chrono::milliseconds(42);
                                  }});
}

static gemma::AnswerEncoder gemmaEncoder(bool stream = true)
{
    return gemma::AnswerEncoder({.id = "i", .sessionId = "s", .model = "m", .stream = stream, .latency = [] {
                                     return std::chrono::milliseconds(42);
                                 }});
}

static QByteArrayList encodeAll(AnswerEncoder &encoder, const QList<ChatEvent> &events)
{
    QByteArrayList told;
    for (const ChatEvent &event : events) {
        const QByteArray bytes = encoder.encode(event);
        if (!bytes.isEmpty())
            told.append(bytes);
    }
    return told;
}

static QJsonObject object(const QByteArray &json)
{
    return QJsonDocument::fromJson(json).object();
}

static const QList<ChatEvent> hello = {
    AnswerStarted{.model = "backend's"}, TextDelta{.text = "Hi"}, ChoiceFinished{},
    UsageReported{{.promptTokens = 3, .completionTokens = 2}}, AnswerCompleted{}};
static const QList<ChatEvent> toolCall = {ToolCallDelta{.id = "c1", .name = "f", .arguments = "{\"a\":"},
                                          ToolCallDelta{.arguments = "1}"},
                                          ToolCallDelta{.choice = 1, .id = "other", .name = "g"}};

/// Whole answers are in tests/contract/native; here are the single rules of contract §§ 1 and 2.
class TestNativeAnswer : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void nothingBeforeTheFirstDelta();
    void framings();
    void onlyTheFirstChoiceIsTold();
    void refusalCountsAsText();
    void thinkingIsNoText();
    void toolCallsComeBeforeTheEndAndAtTheEnd();
    void emptyDeltasSaySoNothing();
    void modelIsTheCallersOrTheBackends();
    void cancelledEndsWithWhatCame();
    void nothingFollowsTheEnd_data();
    void nothingFollowsTheEnd();
    void failures();
    void oneLineAnEvent();
    void endlessAnswersAreCutAtTheEnd();
    void endlessArgumentsAreCut();
    void gemmaWithoutStream();
    void gemmaCancelled();
    void gemmaFailure();
    void modelRows();
    void availableModels();
};

void TestNativeAnswer::nothingBeforeTheFirstDelta()
{
    for (const Framing framing : {Framing::Folded, Framing::Events, Framing::Texts})
        QVERIFY(encoder(framing).encode(AnswerStarted{.model = "x"}).isEmpty());
    QVERIFY(gemmaEncoder().encode(AnswerStarted{.model = "x"}).isEmpty());
}

void TestNativeAnswer::framings()
{
    const QByteArray token = R"({"type":"token","token":"Hi"})";
    const QByteArray rest =
        R"("id":"i","model":"m","content":"Hi","usage":{"prompt_tokens":3,)"
        R"("completion_tokens":2,"total_tokens":5},"latency_ms":42,"finish_reason":"stop"})";
    auto folded = encoder(Framing::Folded);
    QCOMPARE(encodeAll(folded, hello), QByteArrayList{"{" + rest});
    auto texts = encoder(Framing::Texts);
    const QByteArrayList expected{token, R"({"type":"done",)" + rest};
    QCOMPARE(encodeAll(texts, hello), expected);
    auto events = encoder(Framing::Events);
    const QByteArrayList framed{"data: " + expected.first() + "\n\n", "data: " + expected.last() + "\n\n"};
    QCOMPARE(encodeAll(events, hello), framed);
}

void TestNativeAnswer::onlyTheFirstChoiceIsTold()
{
    const QList<ChatEvent> events{TextDelta{.choice = 1, .text = "no"},
                                  ReasoningDelta{.choice = 1, .text = "no"},
                                  RefusalDelta{.choice = 1, .text = "no"},
                                  ToolCallDelta{.choice = 1, .id = "c", .name = "no"},
                                  ChoiceFinished{.choice = 1, .reason = FinishReason::Length},
                                  TextDelta{.text = "yes"},
                                  ChoiceFinished{},
                                  AnswerCompleted{}};
    auto texts = encoder(Framing::Texts);
    const QByteArrayList told = encodeAll(texts, events);
    QCOMPARE(told.size(), 2);
    QVERIFY(!told.join().contains("no\""));
    QCOMPARE(object(told.last()).value(u"finish_reason").toString(), QStringLiteral("stop"));
    auto gemma = gemmaEncoder();
    QVERIFY(!encodeAll(gemma, events).join().contains("no\""));
}

void TestNativeAnswer::refusalCountsAsText()
{
    auto texts = encoder(Framing::Texts);
    const QByteArrayList told =
        encodeAll(texts, {TextDelta{.text = "Well. "}, RefusalDelta{.text = "I refuse."}, ChoiceFinished{},
                          AnswerCompleted{}});
    QCOMPARE(told.at(1), QByteArray(R"({"type":"token","token":"I refuse."})"));
    QCOMPARE(object(told.last()).value(u"content").toString(), QStringLiteral("Well. I refuse."));
}

void TestNativeAnswer::thinkingIsNoText()
{
    const QList<ChatEvent> events{ReasoningDelta{.text = "Hm"}, ReasoningDelta{.text = "m"},
                                  TextDelta{.text = "4"}, ChoiceFinished{}, AnswerCompleted{}};
    auto texts = encoder(Framing::Texts);
    const QByteArrayList told = encodeAll(texts, events);
    QCOMPARE(told.first(), QByteArray(R"({"type":"reasoning","token":"Hm"})"));
    QCOMPARE(object(told.last()).value(u"content").toString(), QStringLiteral("4"));
    QCOMPARE(object(told.last()).value(u"reasoning").toString(), QStringLiteral("Hmm"));
    auto gemma = gemmaEncoder();
    const QByteArrayList gemmaTold = encodeAll(gemma, events);
    QCOMPARE(gemmaTold.size(), 2);
}

void TestNativeAnswer::toolCallsComeBeforeTheEndAndAtTheEnd()
{
    const QList<ChatEvent> events =
        toolCall + QList<ChatEvent>{ChoiceFinished{.reason = FinishReason::ToolCalls}, AnswerCompleted{}};
    const QByteArray calls =
        R"("tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]})";
    auto texts = encoder(Framing::Texts);
    const QByteArrayList told = encodeAll(texts, events);
    QCOMPARE(told.size(), 2);
    QCOMPARE(told.first(), R"({"type":"tool_calls",)" + calls);
    QVERIFY2(told.last().endsWith(R"("finish_reason":"tool_calls",)" + calls), told.last().constData());
    auto folded = encoder(Framing::Folded);
    const QByteArrayList body = encodeAll(folded, events);
    QCOMPARE(body.size(), 1);
    QVERIFY(body.first().endsWith(calls));
}

void TestNativeAnswer::emptyDeltasSaySoNothing()
{
    const QList<ChatEvent> events{TextDelta{.text = "", .logprobs = {{.token = "x"}}},
                                  ReasoningDelta{.text = ""}, RefusalDelta{.text = ""},
                                  EmbeddingComputed{.values = {1}}, ChoiceFinished{}};
    auto texts = encoder(Framing::Texts);
    QCOMPARE(encodeAll(texts, events).size(), 0);
    auto gemma = gemmaEncoder();
    QCOMPARE(encodeAll(gemma, events).size(), 0);
}

void TestNativeAnswer::modelIsTheCallersOrTheBackends()
{
    auto named = encoder(Framing::Folded, "caller's");
    QCOMPARE(object(encodeAll(named, hello).first()).value(u"model").toString(), QStringLiteral("caller's"));
    auto unnamed = encoder(Framing::Folded, {});
    QCOMPARE(object(encodeAll(unnamed, hello).first()).value(u"model").toString(),
             QStringLiteral("backend's"));
}

void TestNativeAnswer::cancelledEndsWithWhatCame()
{
    auto texts = encoder(Framing::Texts);
    (void)encodeAll(texts, {AnswerStarted{}, TextDelta{.text = "Once "}, TextDelta{.text = "upon"}});
    (void)texts.encode(UsageReported{{.promptTokens = 3, .completionTokens = 2}});
    (void)texts.encode(ChoiceFinished{.reason = FinishReason::Cancelled});
    QCOMPARE(texts.encode(AnswerCompleted{}),
             QByteArray(
                 R"({"type":"done","id":"i","model":"m","content":"Once upon","usage":{"prompt_tokens":3,)"
                 R"("completion_tokens":2,"total_tokens":5},"latency_ms":42,"finish_reason":"cancelled"})"));
}

void TestNativeAnswer::nothingFollowsTheEnd_data()
{
    QTest::addColumn<int>("end");
    QTest::newRow("completed") << 0;
    QTest::newRow("failed") << 1;
}

void TestNativeAnswer::nothingFollowsTheEnd()
{
    QFETCH(const int, end);
    const auto finish = [end](auto &answer) {
        return answer.encode(end == 0 ? ChatEvent(AnswerCompleted{}) : ChatEvent(AnswerFailed{}));
    };
    const auto isSilent = [](auto &answer) {
        return answer.encode(TextDelta{.text = "late"}).isEmpty() &&
               answer.encode(AnswerCompleted{}).isEmpty() && answer.encode(AnswerFailed{}).isEmpty();
    };
    for (const Framing framing : {Framing::Folded, Framing::Events, Framing::Texts}) {
        auto answer = encoder(framing);
        QVERIFY(!finish(answer).isEmpty());
        QVERIFY(isSilent(answer));
    }
    auto gemma = gemmaEncoder();
    QVERIFY(!finish(gemma).isEmpty());
    QVERIFY(isSilent(gemma));
}

void TestNativeAnswer::failures()
{
    const AnswerFailed failed{{.code = ErrorCode::UpstreamTimeout,
                               .message = QStringLiteral("Too slow"),
                               .detail = QStringLiteral("for the log")}};
    const QByteArray error = R"("error":{"message":"Too slow","type":"server_error","param":null,)"
                             R"("code":"upstream_timeout"},"detail":"Too slow"})";
    auto texts = encoder(Framing::Texts);
    (void)texts.encode(TextDelta{.text = "a"});
    QCOMPARE(texts.encode(failed), R"({"type":"error",)" + error);
    auto events = encoder(Framing::Events);
    QCOMPARE(events.encode(failed), R"(data: {"type":"error",)" + error + "\n\n");
    auto folded = encoder(Framing::Folded);
    QCOMPARE(folded.encode(failed), "{" + error);
}

void TestNativeAnswer::oneLineAnEvent()
{
    auto events = encoder(Framing::Events);
    const QByteArray bytes = events.encode(TextDelta{.text = "a\nb\r\n\"\\\xe2\x80\xa8"});
    QCOMPARE(bytes.count('\n'), 2);
    QVERIFY(!bytes.contains('\r'));
    QCOMPARE(object(bytes.mid(6)).value(u"token").toString(), QStringLiteral("a\nb\r\n\"\\\u2028"));
}

void TestNativeAnswer::endlessAnswersAreCutAtTheEnd()
{
    constexpr qsizetype room = native::AnswerTally::maxBytes;
    const QList<ChatEvent> events{TextDelta{.text = QByteArray(room - 1, 'a')},
                                  TextDelta{.text = "\xc3\xa9"}, // Would fit but for its second byte.
                                  TextDelta{.text = "b"}, ChoiceFinished{}, AnswerCompleted{}};
    auto texts = encoder(Framing::Texts);
    const QByteArrayList told = encodeAll(texts, events);
    QCOMPARE(told.size(), 4);
    QCOMPARE(told.at(2), QByteArray(R"({"type":"token","token":"b"})")); // As it comes, it is told.
    const QJsonObject end = object(told.last());
    QCOMPARE(end.value(u"content").toString().size(), room - 1);
    QVERIFY(end.value(u"content").toString().endsWith(QLatin1Char('a')));
    QCOMPARE(end.value(u"finish_reason").toString(), QStringLiteral("length"));
    auto whole = encoder(Framing::Folded);
    const QJsonObject body = object(
        encodeAll(whole, {TextDelta{.text = QByteArray(room, 'a')}, ChoiceFinished{}, AnswerCompleted{}})
            .last());
    QCOMPARE(body.value(u"content").toString().size(), room);
    QCOMPARE(body.value(u"finish_reason").toString(), QStringLiteral("stop"));
}

void TestNativeAnswer::endlessArgumentsAreCut()
{
    constexpr qsizetype room = native::AnswerTally::maxBytes;
    auto gemma = gemmaEncoder();
    const QByteArrayList told =
        encodeAll(gemma, {ReasoningDelta{.text = QByteArray(room / 2, 'r')},
                          ToolCallDelta{.id = "c", .name = "f", .arguments = QByteArray(room, 'x')},
                          ChoiceFinished{.reason = FinishReason::Cancelled}, AnswerCompleted{}});
    QVERIFY(told.last().size() < room + 1000);
    QVERIFY(told.last().contains(R"("name":"f")"));
    QCOMPARE(object(told.last()).value(u"data").toObject().value(u"finish_reason").toString(),
             QStringLiteral("cancelled"));
}

void TestNativeAnswer::gemmaWithoutStream()
{
    auto gemma = gemmaEncoder(false);
    const QByteArrayList told = encodeAll(gemma, hello);
    QCOMPARE(told,
             QByteArrayList{
                 R"({"type":"chat_complete","session_id":"s","data":{"id":"i","model":"m","content":"Hi",)"
                 R"("response":"Hi","usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},)"
                 R"("latency_ms":42,"finish_reason":"stop"}})"});
}

void TestNativeAnswer::gemmaCancelled()
{
    auto gemma = gemmaEncoder();
    QCOMPARE(
        gemma.encode(TextDelta{.text = "a\\b"}),
        QByteArray(R"({"type":"chat_chunk","session_id":"s","data":{"content":"a\\b","delta":"a\\b"}})"));
    (void)gemma.encode(ChoiceFinished{.reason = FinishReason::Cancelled});
    const QJsonObject end = object(gemma.encode(AnswerCompleted{}));
    QCOMPARE(end.value(u"type").toString(), QStringLiteral("chat_complete"));
    QCOMPARE(end.value(u"data").toObject().value(u"finish_reason").toString(), QStringLiteral("cancelled"));
    QCOMPARE(end.value(u"data").toObject().value(u"content").toString(), QStringLiteral("a\\b"));
}

void TestNativeAnswer::gemmaFailure()
{
    auto gemma = gemmaEncoder();
    const QJsonObject told = object(gemma.encode(
        AnswerFailed{{.code = ErrorCode::ModelNotFound, .message = QStringLiteral("No such model")}}));
    QCOMPARE(told.value(u"type").toString(), QStringLiteral("error"));
    const QJsonObject data = told.value(u"data").toObject();
    QCOMPARE(data.value(u"message").toString(), QStringLiteral("No such model"));
    QCOMPARE(data.value(u"error").toObject().value(u"code").toString(), QStringLiteral("model_not_found"));
}

void TestNativeAnswer::modelRows()
{
    const QByteArray body =
        native::encodeModelList({{.info = {.id = "a/b", .created = 5, .ownedBy = "me", .contextLength = 4096},
                                  .sources = {{.source = "box", .latencyMs = 12}, {.source = "b\\x"}}},
                                 {.info = {.id = "c"}}},
                                {"down"});
    QCOMPARE(body, QByteArray(
                       R"({"object":"list","data":[{"id":"a/b","object":"model","created":5,"owned_by":"me",)"
                       R"("context_length":4096,"sources":[{"source":"box","latency_ms":12},)"
                       R"({"source":"b\\x","latency_ms":null}]},{"id":"c","object":"model","created":0,)"
                       R"("owned_by":"unknown","sources":[]}],"models":[{"name":"a/b","model":"a/b"},)"
                       R"({"name":"c","model":"c"}],"unavailable":["down"]})"));
    QCOMPARE(native::encodeModelList({}, {}), QByteArray(R"({"object":"list","data":[],"models":[]})"));
}

void TestNativeAnswer::availableModels()
{
    QCOMPARE(native::encodeAvailableModels({"a", "b"}, "a"),
             QByteArray(R"({"models":["a","b"],"default":"a"})"));
    QCOMPARE(native::encodeAvailableModels({}, {}), QByteArray(R"({"models":[],"default":null})"));
}

QTEST_GUILESS_MAIN(TestNativeAnswer)
#include "tst_native_answer.moc"
