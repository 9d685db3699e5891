// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/engine.h"
#include "fakes/tiny_gguf.h"
#include "unit/engine/answer_reader.h"
#include "unit/engine/recording_log.h"
#include "unit/engine/requests.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace gatehouse;

/// What an answer is made of, with a small model of random weights.
class TestEngine : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        m_bytes = fakes::makeTinyGguf({});
        QVERIFY(m_bytes.startsWith("GGUF"));
        m_engine =
            std::make_unique<Engine>(EngineOptions{.name = "tiny", .path = {}, .bytes = m_bytes}, m_log);
        QSignalSpy changes(m_engine.get(), &Engine::statusChanged);
        QCOMPARE(m_engine->status().state, EngineState::Idle);
        m_engine->load();
        QVERIFY(m_engine->status().state != EngineState::Idle);
        QTRY_COMPARE_WITH_TIMEOUT(m_engine->status().state, EngineState::Ready, patience);
        QTRY_VERIFY_WITH_TIMEOUT(changes.size() >= 2, patience);
    }

    void tellsWhatItRuns()
    {
        const EngineStatus status = m_engine->status();
        QCOMPARE(m_engine->name(), QByteArray("tiny"));
        QCOMPARE(status.contextLength, 512); // the model's own, though 8192 is the default
        QCOMPARE(status.threads, 1);
        QVERIFY(status.parameters > 10'000);
        QVERIFY(status.description.contains("llama"));
        QVERIFY(m_log.events().contains("model loaded"));
        QVERIFY(m_log.debugLines() > 10); // llama.cpp's own log
    }

    void answersInOrder()
    {
        AnswerReader reader(m_engine->open(ask("Hi", 5)));
        QVERIFY(reader.events.isEmpty());
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QVERIFY(!reader.error);
        QVERIFY(std::holds_alternative<AnswerStarted>(reader.events.first()));
        QCOMPARE(std::get<AnswerStarted>(reader.events.first()).model, QByteArray("tiny"));
        const qsizetype count = reader.events.size();
        QVERIFY(std::holds_alternative<ChoiceFinished>(reader.events.at(count - 3)));
        QVERIFY(std::holds_alternative<UsageReported>(reader.events.at(count - 2)));
        QVERIFY(std::holds_alternative<AnswerCompleted>(reader.events.at(count - 1)));
        QCOMPARE(reader.reasons[0], FinishReason::Length);
        QCOMPARE(reader.usage->completionTokens, 5);
    }

    void usesTheChatTemplate()
    {
        // "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n": three control tokens, the rest bytes
        QCOMPARE(answer(ask("Hi", 1)).usage->promptTokens, 1 + 5 + 2 + 1 + 1 + 1 + 10);
        QCOMPARE(answer(goOn("Hi", 1)).usage->promptTokens, 2);
        QCOMPARE(answer(goOn("<|im_start|>", 1)).usage->promptTokens, 1);
        ChatRequest request = ask("Hi", 1);
        std::get<Conversation>(request.input).messages.append(textMessage(Role::Developer, "ab"));
        QVERIFY(answer(request).usage->promptTokens > answer(ask("Hi", 1)).usage->promptTokens);
    }

    void reusesWhatItHasReadAlready()
    {
        const ChatRequest request = goOn(QByteArray(300, 'x') + "one", 4);
        (void)answer(goOn("something else", 1));
        const Said first = answer(request);
        QCOMPARE(first.usage->cachedTokens, 0);
        const Said again = answer(request);
        QCOMPARE(again.usage->cachedTokens, first.usage->promptTokens - 1);
        QCOMPARE(again.text, first.text);
        const Said other = answer(goOn(QByteArray(300, 'x') + "two", 4));
        QCOMPARE(other.usage->cachedTokens, 300);
        QCOMPARE(answer(request).text, first.text); // what was reused was not spoilt
    }

    void seeds()
    {
        ChatRequest request = goOn("Once", 24);
        request.sampling = {.temperature = 1.5, .topP = 1.0, .topK = 0, .minP = 0.0, .seed = 7};
        const QByteArray first = answer(request).text;
        (void)answer(goOn("between", 3));
        QCOMPARE(answer(request).text, first);
        request.sampling.seed = 8;
        QVERIFY(answer(request).text != first);
        request.sampling.seed.reset();
        QVERIFY(answer(request).text != answer(request).text);
    }

    void zeroTemperatureIsGreedy()
    {
        ChatRequest request = goOn("Once", 24);
        const QByteArray greedy = answer(request).text;
        request.sampling.seed = 99;
        QCOMPARE(answer(request).text, greedy);
        request.sampling.temperature = 2.0;
        request.sampling.topK = 1;
        QCOMPARE(answer(request).text, greedy);
    }

    void penaltiesKeepTokensFromComingBack()
    {
        ChatRequest request = goOn("Once", 60);
        request.topLogprobs = 0;
        const Said plain = answer(request);
        request.sampling.frequencyPenalty = 2;
        request.sampling.presencePenalty = 2;
        request.sampling.repeatPenalty = 1.5;
        const Said varied = answer(request);
        const auto distinct = [](const Said &said) {
            QSet<QByteArray> tokens;
            for (const TokenLogprob &token : said.logprobs)
                tokens.insert(token.token);
            return tokens.size();
        };
        QVERIFY(distinct(varied) > distinct(plain));
    }

    void theFileRecommendsSampling()
    {
        const QByteArray bytes = fakes::makeTinyGguf({.temperature = "0"});
        Engine greedy({.name = "greedy", .path = {}, .bytes = bytes}, m_log);
        greedy.load();
        ChatRequest request = goOn("Once", 24);
        const QByteArray expected = answer(request).text;
        request.sampling = {};
        AnswerReader reader(greedy.open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QCOMPARE(reader.texts[0], expected);
    }

    void stopStrings()
    {
        const QByteArray all = printableAnswer();
        const QByteArray stop = all.sliced(5, 3);
        ChatRequest request = printableRequest();
        request.stop = {"never said", stop};
        AnswerReader reader(m_engine->open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QCOMPARE(reader.texts[0], all.first(all.indexOf(stop)));
        QCOMPARE(reader.reasons[0], FinishReason::Stop);
        QVERIFY(reader.usage->completionTokens < 40);
    }

    void textIsAlwaysWholeCodePoints()
    {
        ChatRequest request = goOn("Once", 200);
        request.sampling = {.temperature = 2.0, .topP = 1.0, .topK = 0, .minP = 0.0, .seed = 3};
        AnswerReader reader(m_engine->open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        for (const ChatEvent &event : reader.events) {
            if (const auto *delta = std::get_if<TextDelta>(&event))
                QCOMPARE(QString::fromUtf8(delta->text).toUtf8(), delta->text);
        }
        QVERIFY(reader.texts[0].contains("\xEF\xBF\xBD")); // random bytes: this was a real trial
    }

    void logprobs()
    {
        ChatRequest request = goOn("Once", 8);
        request.topLogprobs = 3;
        const Said said = answer(request);
        QCOMPARE(said.logprobs.size(), 8);
        for (const TokenLogprob &token : said.logprobs) {
            QCOMPARE(token.top.size(), 3);
            QCOMPARE(token.top[0].token, token.token); // greedy
            QCOMPARE(token.top[0].logprob, token.logprob);
            QVERIFY(token.top[0].logprob >= token.top[1].logprob);
            QVERIFY(token.logprob < 0);
            double sum = 0;
            for (const auto &alternative : token.top)
                sum += std::exp(alternative.logprob);
            QVERIFY(sum > 0.01 && sum <= 1.0);
        }
        request.topLogprobs.reset();
        QVERIFY(answer(request).logprobs.isEmpty());
    }

    void allLogprobsAddUpToOne()
    {
        ChatRequest request = goOn("Once", 1);
        request.topLogprobs = 1000;
        double sum = 0;
        for (const auto &alternative : answer(request).logprobs.first().top)
            sum += std::exp(alternative.logprob);
        QVERIFY(std::abs(sum - 1) < 1e-6);
    }

    void severalChoicesAndPrompts()
    {
        ChatRequest request = goOn({}, 6);
        request.input = Prompt{.texts = {"Once", "Twice"}};
        request.choices = 2;
        request.sampling = {.temperature = 1.5, .topP = 1.0, .topK = 0, .minP = 0.0, .seed = 7};
        AnswerReader reader(m_engine->open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QCOMPARE(reader.texts.keys(), QList<int>({0, 1, 2, 3}));
        QCOMPARE(reader.reasons.keys(), QList<int>({0, 1, 2, 3}));
        QVERIFY(reader.texts[0] != reader.texts[1]);
        QCOMPARE(reader.usage->completionTokens, 24);
        QCOMPARE(reader.usage->promptTokens, 4 + 5); // each prompt once
        request.input = Prompt{.texts = {"Once"}};
        request.choices = 1;
        QCOMPARE(answer(request).text, reader.texts[0]);
    }

    void echo()
    {
        ChatRequest request = goOn("Once", 6);
        const QByteArray plain = answer(request).text;
        std::get<Prompt>(request.input).echo = true;
        QCOMPARE(answer(request).text, "Once" + plain);
        request.topLogprobs = 0;
        QCOMPARE(errorOf(request).param, QByteArray("echo"));
    }

    void endsWhereTheContextEnds()
    {
        ChatRequest request = goOn(QByteArray(500, 'x'), 16);
        request.maxTokens.reset();
        AnswerReader reader(m_engine->open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QCOMPARE(reader.reasons[0], FinishReason::Length);
        QCOMPARE(reader.usage->promptTokens + reader.usage->completionTokens, 513); // the last needs no room
    }

    void refusesWhatDoesNotFit()
    {
        QVERIFY(!answer(goOn(QByteArray(511, 'x'), 1)).error);
        for (const qsizetype size : {512, 100'000, 10'000'000}) {
            const Error error = errorOf(goOn(QByteArray(size, 'x'), 1));
            QCOMPARE(error.code, ErrorCode::InvalidRequest);
            QCOMPARE(error.reason, QByteArray("context_length_exceeded"));
            QCOMPARE(error.param, QByteArray("prompt"));
            QVERIFY(error.message.startsWith(
                QStringLiteral("This model's maximum context length is 512 tokens.")));
        }
        const Error error = errorOf(ask(QByteArray(600, 'x')));
        QCOMPARE(error.param, QByteArray("messages"));
        QVERIFY(error.message.contains(QStringLiteral("resulted in 619 tokens")));
    }

    void refusesWhatItCannotRead_data()
    {
        QTest::addColumn<ChatRequest>("request");
        QTest::addColumn<QByteArray>("param");
        ChatRequest image = ask("What is it?");
        auto &messages = std::get<Conversation>(image.input).messages;
        messages.append(textMessage(Role::User, "This:"));
        messages.last().content->append({.type = "image_url", .text = {}, .json = "{}"});
        QTest::newRow("image") << image << QByteArray("messages[1].content[1].type");
        ChatRequest request = ask("Hi");
        request.input = Conversation{};
        QTest::newRow("no messages") << request << QByteArray("messages");
        QTest::newRow("empty prompt") << goOn("") << QByteArray("prompt");
        request = ask("Hi");
        request.choices = 129;
        QTest::newRow("too many choices") << request << QByteArray("n");
        request = ask("Hi");
        request.tools = R"({"no":"array"})";
        QTest::newRow("tools of the wrong type") << request << QByteArray("tools");
        request.tools = R"([{"type":"function"}])";
        QTest::newRow("tool without a function") << request << QByteArray("tools");
        request.tools = QByteArray(100'000, '[') + QByteArray(100'000, ']');
        QTest::newRow("tools nested deeply") << request << QByteArray("tools");
        request = ask("Hi");
        request.responseFormat = R"({"type":"xml"})";
        QTest::newRow("unknown format") << request << QByteArray("response_format");
    }

    void refusesWhatItCannotRead()
    {
        QFETCH(ChatRequest, request);
        QFETCH(QByteArray, param);
        AnswerReader reader(m_engine->open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QVERIFY(reader.error);
        QCOMPARE(reader.error->code, ErrorCode::InvalidRequest);
        QCOMPARE(reader.error->param, param);
        QVERIFY(!reader.error->message.isEmpty());
        QCOMPARE(reader.events.size(), 1);   // not even AnswerStarted
        QVERIFY(answer(ask("Hi", 1)).usage); // and the engine goes on
    }

    void aModelWithoutATemplateGetsChatMl()
    {
        const QByteArray bytes = fakes::makeTinyGguf({.chatTemplate = {}});
        Engine engine({.name = "bare", .path = {}, .bytes = bytes}, m_log);
        engine.load();
        AnswerReader reader(engine.open(ask("Hi", 1)));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QCOMPARE(reader.usage->promptTokens, answer(ask("Hi", 1)).usage->promptTokens);
    }

    void aBrokenTemplateSpoilsConversationsOnly()
    {
        const QByteArray bytes = fakes::makeTinyGguf({.chatTemplate = "{% for"});
        Engine engine({.name = "broken", .path = {}, .bytes = bytes}, m_log);
        engine.load();
        AnswerReader chat(engine.open(ask("Hi", 1)));
        QTRY_VERIFY_WITH_TIMEOUT(chat.isDone(), patience);
        QCOMPARE(chat.error->code, ErrorCode::NotImplemented);
        AnswerReader raw(engine.open(goOn("Hi", 1)));
        QTRY_VERIFY_WITH_TIMEOUT(raw.isDone(), patience);
        QVERIFY(raw.usage);
    }

private:
    struct Said
    {
        QByteArray text;
        QList<TokenLogprob> logprobs;
        std::optional<Usage> usage;
        std::optional<Error> error;
    };

    Said answer(const ChatRequest &request)
    {
        AnswerReader reader(m_engine->open(request));
        if (!QTest::qWaitFor([&] { return reader.isDone(); }, patience))
            qFatal("no answer");
        return {reader.texts[0], reader.logprobs[0], reader.usage, reader.error};
    }

    Error errorOf(const ChatRequest &request) { return answer(request).error.value_or(Error{}); }

    /// An answer without bytes that are no UTF-8, so that it can be cut anywhere.
    ChatRequest printableRequest()
    {
        ChatRequest request = ask("Say", 40);
        request.responseFormat =
            R"({"type":"json_schema","json_schema":{"schema":{"enum":["abcdefghijklmnopqrstuvwxyz0123456789"]}}})";
        return request;
    }
    QByteArray printableAnswer() { return answer(printableRequest()).text; }

    RecordingLog m_log;
    QByteArray m_bytes;
    std::unique_ptr<Engine> m_engine;
};

QTEST_GUILESS_MAIN(TestEngine)
#include "tst_engine.moc"
