// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/engine.h"
#include "engine/llama/chat_template.h"
#include "engine/llama/json_bounds.h"
#include "engine/llama/llama_log.h"
#include "engine/llama/model.h"
#include "engine/llama/reply_parser.h"
#include "fakes/tiny_gguf.h"
#include "unit/engine/answer_reader.h"
#include "unit/engine/recording_log.h"
#include "unit/engine/requests.h"
#include "unit/engine/samples.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;

/// Tools, response formats and thinking: what a template and a grammar make even of a model that talks
/// nonsense.
class TestEngineTools : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        m_bytes = fakes::makeTinyGguf({.contextLength = 4096});
        m_engine =
            std::make_unique<Engine>(EngineOptions{.name = "tiny", .path = {}, .bytes = m_bytes}, m_log);
        m_engine->load();
    }

    void readsToolCallsHoweverTheyAreSplit()
    {
        const OutputRules rules = rulesFor(weatherAndTimeTools);
        QVERIFY(rules.needsParsing && !rules.grammar.empty() && rules.grammarIsLazy);
        const QByteArray said = "Let me see.<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"unit\": "
                                "\"kelvin\"}}</tool_call>";
        for (qsizetype size = 1; size <= said.size(); size += size < 4 ? 1 : 9) {
            const Reply reply = read(rules, said, size);
            QCOMPARE(reply.text, QByteArray("Let me see."));
            QCOMPARE(reply.calls.size(), 1);
            QCOMPARE(reply.calls[0].name, QByteArray("get_weather"));
            QVERIFY(reply.calls[0].id.startsWith("call_"));
            QCOMPARE(QJsonDocument::fromJson(reply.calls[0].arguments),
                     QJsonDocument::fromJson("{\"unit\":\"kelvin\"}"));
            QVERIFY(reply.hasToolCalls);
        }
        QVERIFY(read(rules, said, 1).deltas > 2); // the arguments come bit by bit
    }

    void aTagThatIsNoneIsText()
    {
        const Reply reply = read(rulesFor(weatherAndTimeTools), "Say <tool or nothing", 1);
        QCOMPARE(reply.text, QByteArray("Say <tool or nothing"));
        QVERIFY(!reply.hasToolCalls);
    }

    void aCallThatBreaksOffIsToldAsFarAsItWent()
    {
        const Reply reply =
            read(rulesFor(weatherAndTimeTools),
                 "<tool_call>{\"name\": \"get_time\", \"arguments\": {\"zone\": \"he", 1, false);
        QCOMPARE(reply.calls.size(), 1);
        QCOMPARE(reply.calls[0].name, QByteArray("get_time"));
        QVERIFY(reply.calls[0].arguments.startsWith("{\"zone\""));
    }

    void aNamedToolIsTheOnlyOne()
    {
        const std::string grammar = rulesFor(weatherAndTimeTools, toolChoice("get_time")).grammar;
        QVERIFY(grammar.find("get_time") != std::string::npos);
        QVERIFY(grammar.find("get_weather") == std::string::npos);
        QVERIFY(!rulesFor(weatherAndTimeTools, toolChoice("get_time")).grammarIsLazy);
    }

    void toolsMayBeIgnored()
    {
        ChatRequest request = ask("Weather?", 20);
        request.tools = weatherAndTimeTools;
        request.toolChoice = "\"none\"";
        AnswerReader reader(m_engine->open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QVERIFY(reader.calls.isEmpty());
        QVERIFY(!reader.texts[0].isEmpty());
        QCOMPARE(reader.reasons[0], FinishReason::Length);
    }

    void anUnknownToolIsAMistake_data()
    {
        QTest::addColumn<QByteArray>("choice");
        QTest::newRow("unknown function") << toolChoice("fly");
        QTest::newRow("unknown word") << QByteArray("\"perhaps\"");
        QTest::newRow("no object") << QByteArray("7");
    }

    void anUnknownToolIsAMistake()
    {
        QFETCH(QByteArray, choice);
        ChatRequest request = ask("Weather?");
        request.tools = weatherAndTimeTools;
        request.toolChoice = choice;
        AnswerReader reader(m_engine->open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QVERIFY(reader.error);
        QCOMPARE(reader.error->code, ErrorCode::InvalidRequest);
        QCOMPARE(reader.error->param, QByteArray("tool_choice"));
    }

    void aSchemaIsObeyed()
    {
        ChatRequest request = ask("Who?", 400);
        request.responseFormat = personFormat;
        AnswerReader reader(m_engine->open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QVERIFY2(!reader.error, qPrintable(reader.error.value_or(Error{}).detail));
        const QJsonObject person = QJsonDocument::fromJson(reader.texts[0]).object();
        QVERIFY(person[QStringLiteral("old")].isBool());
        QVERIFY(QStringList({QStringLiteral("cat"), QStringLiteral("dog")})
                    .contains(person[QStringLiteral("kind")].toString()));
        QCOMPARE(reader.reasons[0], FinishReason::Stop);
    }

    void aSchemaThatIsNoneIsAMistake_data()
    {
        QTest::addColumn<QByteArray>("schema");
        QTest::newRow("unknown type") << QByteArray("{\"type\":\"number of sheep\"}");
        QTest::newRow("dangling reference") << QByteArray("{\"$ref\":\"#/definitions/none\"}");
        QTest::newRow("bad pattern") << QByteArray("{\"type\":\"string\",\"pattern\":\"^(a$\"}");
    }

    void aSchemaThatIsNoneIsAMistake()
    {
        QFETCH(QByteArray, schema);
        ChatRequest request = ask("Who?", 10);
        request.responseFormat = schemaFormat(schema);
        AnswerReader reader(m_engine->open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QVERIFY(reader.error);
        QCOMPARE(reader.error->code, ErrorCode::InvalidRequest);
        QCOMPARE(reader.error->param, QByteArray("response_format"));
        QVERIFY(!reader.isStarted);
    }

    void logprobsWithAGrammar()
    {
        ChatRequest request = ask("Who?", 40);
        request.responseFormat = schemaFormat("{\"enum\":[\"cat\"]}");
        request.topLogprobs = 1;
        AnswerReader reader(m_engine->open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QByteArray said;
        for (const TokenLogprob &token : reader.logprobs[0])
            said += token.token;
        QVERIFY(said.endsWith("\"cat\"")); // the grammar lets a fence of Markdown come before
        QCOMPARE(reader.texts[0], QByteArray("\"cat\""));
    }

    void thinkingIsToldApart()
    {
        const QByteArray bytes = fakes::makeTinyGguf({.chatTemplate = thinkingTemplate});
        Engine engine({.name = "thinker", .path = {}, .bytes = bytes}, m_log);
        engine.load();
        AnswerReader reader(engine.open(ask("Hi", 60)));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QVERIFY2(!reader.error, qPrintable(reader.error.value_or(Error{}).detail));
        QVERIFY(!reader.reasoning.isEmpty()); // the template opens a thought, and nonsense does not close it
        QVERIFY(reader.texts[0].isEmpty());
        QVERIFY(reader.usage->reasoningTokens > 30);
    }

    void readsARepliesParts()
    {
        ReplyParser parser({}, 3); // no syntax: all is text
        QByteArray text;
        for (const QByteArray &part : {QByteArray("Hello"), QByteArray(" <tool_call>"), QByteArray("!")}) {
            for (const ChatEvent &event : parser.push(part)) {
                QCOMPARE(std::get<TextDelta>(event).choice, 3);
                text += std::get<TextDelta>(event).text;
            }
        }
        QVERIFY(parser.finish(true).isEmpty());
        QCOMPARE(text, QByteArray("Hello <tool_call>!"));
        QVERIFY(!parser.hasToolCalls());
    }

    void modestJson()
    {
        const QByteArray fourLevels = "{\"a\":[1,2,{\"b\":[]}]}";
        QVERIFY(isModestJson(bracketsInStrings, 100, 3));
        QVERIFY(isModestJson(fourLevels, 100, 4));
        QVERIFY(!isModestJson(fourLevels, 100, 3));
        QVERIFY(!isModestJson("[1,2,3]", 6, 3));
        QVERIFY(isModestJson("[[],[],[],[]]", 100, 2));
    }

private:
    struct Call
    {
        QByteArray id;
        QByteArray name;
        QByteArray arguments;
    };
    struct Reply
    {
        QByteArray text;
        QMap<int, Call> calls;
        int deltas = 0;
        bool hasToolCalls = false;
    };

    OutputRules rulesFor(const QByteArray &tools, const QByteArray &choice = {})
    {
        LlamaLog llamaLog(m_log);
        const auto model = Model::load({.name = "tiny", .path = {}, .bytes = m_bytes}, llamaLog,
                                       [](double) { return true; });
        ChatRequest request = ask("Weather?");
        request.tools = tools;
        request.toolChoice = choice;
        const ChatTemplate chatTemplate((*model)->handle());
        return chatTemplate.render(request).value_or(ChatTemplate::Rendered{}).rules;
    }

    /// What a parser makes of an answer that comes in pieces of so many bytes.
    static Reply read(const OutputRules &rules, const QByteArray &said, qsizetype size, bool isWhole = true)
    {
        ReplyParser parser(rules, 0);
        Reply reply;
        const auto take = [&reply](const QList<ChatEvent> &events) {
            for (const ChatEvent &event : events) {
                if (const auto *text = std::get_if<TextDelta>(&event))
                    reply.text += text->text;
                if (const auto *delta = std::get_if<ToolCallDelta>(&event)) {
                    Call &call = reply.calls[delta->index];
                    call.id += delta->id;
                    call.name += delta->name;
                    call.arguments += delta->arguments;
                    ++reply.deltas;
                }
            }
        };
        for (qsizetype at = 0; at < said.size(); at += size)
            take(parser.push(said.sliced(at, std::min(size, said.size() - at))));
        take(parser.finish(isWhole));
        reply.hasToolCalls = parser.hasToolCalls();
        return reply;
    }

    RecordingLog m_log;
    QByteArray m_bytes;
    std::unique_ptr<Engine> m_engine;
};

QTEST_GUILESS_MAIN(TestEngineTools)
#include "tst_engine_tools.moc"
