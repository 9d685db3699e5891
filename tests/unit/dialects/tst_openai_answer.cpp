// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/answer_encoder.h"

#include <QTest>

using namespace gatehouse;
using Encoder = openai::AnswerEncoder;
using openai::AnswerKind;

static QByteArray encodeAll(Encoder &encoder, const QList<ChatEvent> &events)
{
    QByteArray bytes;
    for (const ChatEvent &event : events)
        bytes += encoder.encode(event);
    return bytes;
}

static const QList<ChatEvent> hello = {
    AnswerStarted{.model = "backend's"}, TextDelta{.text = "Hi"}, ChoiceFinished{},
    UsageReported{{.promptTokens = 3, .completionTokens = 2}}, AnswerCompleted{}};

/// Whole answers are in tests/contract/openai; here are the single rules of contract §1.
class TestOpenAiAnswer : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void nothingBeforeTheFirstDelta();
    void roleOnceAChoice();
    void usageOnlyOnRequest();
    void errorEndsTheStream();
    void foldedError();
    void oneLineAnEvent();
    void modelName();
    void foldsSeveralChoices();
    void emptyAnswer();
    void completionHasTextOnly();
};

void TestOpenAiAnswer::nothingBeforeTheFirstDelta()
{
    Encoder encoder({.id = "i", .model = "m", .stream = true});
    QVERIFY(encoder.encode(AnswerStarted{.model = "x"}).isEmpty());
    QCOMPARE(encoder.encode(TextDelta{.text = "Hi"}).count("data: "), 2);
    QCOMPARE(encoder.encode(TextDelta{.text = "!"}).count("data: "), 1);
}

void TestOpenAiAnswer::roleOnceAChoice()
{
    Encoder encoder({.id = "i", .model = "m", .stream = true});
    const QByteArray bytes =
        encodeAll(encoder, {AnswerStarted{}, ReasoningDelta{.text = "r"}, TextDelta{.text = "a"},
                            ToolCallDelta{.choice = 1, .id = "c", .name = "f"}, ChoiceFinished{.choice = 2},
                            ChoiceFinished{}});
    QCOMPARE(bytes.count("\"role\""), 3);
    QVERIFY(bytes.contains("\"index\":1,\"delta\":{\"role\":\"assistant\",\"content\":null}"));
    QVERIFY(bytes.contains("\"index\":2,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}"));
}

void TestOpenAiAnswer::usageOnlyOnRequest()
{
    Encoder without({.id = "i", .model = "m", .stream = true, .includeUsage = false});
    const QByteArray silent = encodeAll(without, hello);
    QVERIFY(!silent.contains("usage") &&
            silent.endsWith("\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"));
    Encoder with({.id = "i", .model = "m", .stream = true, .includeUsage = true});
    const QByteArray bytes = encodeAll(with, hello);
    QCOMPARE(bytes.count("\"usage\":null"), 3);
    QCOMPARE(bytes.count(
                 "\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5,"),
             1);
    QVERIFY(bytes.lastIndexOf("\"usage\":{") > bytes.lastIndexOf("finish_reason"));
    Encoder unknown({.id = "i", .model = "m", .stream = true, .includeUsage = true});
    QVERIFY(!encodeAll(unknown, {TextDelta{.text = "a"}, AnswerCompleted{}}).contains("\"choices\":[]"));
}

void TestOpenAiAnswer::errorEndsTheStream()
{
    Encoder encoder({.id = "i", .model = "m", .stream = true});
    (void)encoder.encode(TextDelta{.text = "a"});
    const Error error{.code = ErrorCode::UpstreamTimeout,
                      .message = QStringLiteral("Too slow"),
                      .detail = QStringLiteral("10.0.0.7")};
    QCOMPARE(encoder.encode(AnswerFailed{error}),
             QByteArray("data: {\"error\":{\"message\":\"Too slow\",\"type\":\"server_error\",\"param\":null,"
                        "\"code\":\"upstream_timeout\"}}\n\n"));
    QVERIFY(encoder.encode(AnswerCompleted{}).isEmpty());
    QVERIFY(encoder.encode(TextDelta{.text = "b"}).isEmpty());
}

void TestOpenAiAnswer::foldedError()
{
    Encoder encoder({.id = "i", .model = "m"});
    QVERIFY(encoder.encode(TextDelta{.text = "a"}).isEmpty());
    const QByteArray body =
        encoder.encode(AnswerFailed{{.code = ErrorCode::Overloaded, .message = QStringLiteral("Full")}});
    QCOMPARE(body, QByteArray("{\"error\":{\"message\":\"Full\",\"type\":\"server_error\",\"param\":null,"
                              "\"code\":\"overloaded\"}}"));
}

/// A line end in a text must never end a line of the stream.
void TestOpenAiAnswer::oneLineAnEvent()
{
    Encoder encoder({.id = "i\n", .model = "m\r", .stream = true});
    const QByteArray bytes = encodeAll(
        encoder, {AnswerStarted{.model = {}, .fingerprint = "f\n"}, TextDelta{.text = "a\nb\r\n\u2028\u0085"},
                  ReasoningDelta{.text = "\n"}, ToolCallDelta{.id = "\n", .name = "\n", .arguments = "{\n}"},
                  ChoiceFinished{},
                  AnswerFailed{{.message = QStringLiteral("a\nb"), .param = "p\n", .reason = "r\r"}}});
    for (const QByteArray &line : bytes.split('\n'))
        QVERIFY2(line.isEmpty() || line.startsWith("data: {"), line.constData());
    QVERIFY(!bytes.contains('\r') && !QString::fromUtf8(bytes).contains(QChar(0x2028)) &&
            !QString::fromUtf8(bytes).contains(QChar(0x85)));
}

void TestOpenAiAnswer::modelName()
{
    Encoder named({.id = "i", .model = "caller's", .stream = true});
    QVERIFY(encodeAll(named, hello).contains("\"model\":\"caller's\""));
    Encoder unnamed({.id = "i", .stream = true});
    QVERIFY(encodeAll(unnamed, hello).contains("\"model\":\"backend's\""));
    Encoder folded({.id = "i"});
    QVERIFY(encodeAll(folded, hello).contains("\"model\":\"backend's\""));
}

void TestOpenAiAnswer::foldsSeveralChoices()
{
    Encoder encoder({.id = "i", .created = 5, .model = "m"});
    const QByteArray body = encodeAll(
        encoder,
        {AnswerStarted{}, TextDelta{.choice = 1, .text = "U"}, ReasoningDelta{.choice = 0, .text = "R"},
         ToolCallDelta{.choice = 0, .index = 1, .id = "b", .name = "g"},
         ToolCallDelta{.choice = 0, .index = 0, .id = "a", .name = "f", .arguments = "{"},
         ToolCallDelta{.choice = 0, .index = 0, .arguments = "}"}, TextDelta{.choice = 1, .text = "no"},
         ChoiceFinished{.choice = 1, .reason = FinishReason::Length},
         ChoiceFinished{.choice = 0, .reason = FinishReason::ToolCalls}, AnswerCompleted{}});
    QCOMPARE(
        body,
        QByteArray("{\"id\":\"i\",\"object\":\"chat.completion\",\"created\":5,\"model\":\"m\",\"choices\":["
                   "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":null,\"refusal\":null,"
                   "\"reasoning_content\":\"R\",\"tool_calls\":["
                   "{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
                   "{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"\"}}]},"
                   "\"logprobs\":null,\"finish_reason\":\"tool_calls\"},"
                   "{\"index\":1,\"message\":{\"role\":\"assistant\",\"content\":\"Uno\",\"refusal\":null},"
                   "\"logprobs\":null,\"finish_reason\":\"length\"}]}"));
}

void TestOpenAiAnswer::emptyAnswer()
{
    Encoder encoder({.id = "i", .model = "m"});
    QVERIFY(encodeAll(encoder, {AnswerStarted{}, ChoiceFinished{}, AnswerCompleted{}})
                .contains("\"content\":\"\""));
}

void TestOpenAiAnswer::completionHasTextOnly()
{
    const QList<ChatEvent> events = {AnswerStarted{},
                                     ReasoningDelta{.text = "r"},
                                     ToolCallDelta{.id = "c", .name = "f"},
                                     TextDelta{.text = "a"},
                                     ChoiceFinished{},
                                     AnswerCompleted{}};
    Encoder streamed({.id = "i", .model = "m", .kind = AnswerKind::Completion, .stream = true});
    const QByteArray bytes = encodeAll(streamed, events);
    QCOMPARE(bytes.count("\"object\":\"text_completion\""), 2);
    QVERIFY(!bytes.contains("delta") && !bytes.contains("role") && bytes.contains("\"text\":\"a\""));
    Encoder folded({.id = "i", .model = "m", .kind = AnswerKind::Completion});
    QCOMPARE(
        encodeAll(folded, events),
        QByteArray("{\"id\":\"i\",\"object\":\"text_completion\",\"created\":0,\"model\":\"m\",\"choices\":["
                   "{\"index\":0,\"text\":\"a\",\"logprobs\":null,\"finish_reason\":\"stop\"}]}"));
}

QTEST_GUILESS_MAIN(TestOpenAiAnswer)
#include "tst_openai_answer.moc"
