// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/demo_model.h"
#include "engine/engine.h"
#include "fakes/tiny_gguf.h"
#include "unit/engine/answer_reader.h"
#include "unit/engine/recording_log.h"
#include "unit/engine/requests.h"

#include <QElapsedTimer>
#include <QTest>

#include <cmath>
#include <list>

using namespace gatehouse;

namespace {

constexpr int meanPooling = 1;
constexpr int firstPooling = 2;
constexpr int lastPooling = 3;
constexpr int rankPooling = 4;

using Vector = QList<float>;

double dot(const Vector &a, const Vector &b)
{
    double sum = 0;
    for (qsizetype i = 0; i < a.size() && i < b.size(); ++i)
        sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum;
}

bool isOfLengthOne(const Vector &vector)
{
    return std::abs(dot(vector, vector) - 1) < 1e-5;
}

ChatRequest embedTokens(const QByteArray &tokens)
{
    ChatRequest request;
    request.input = EmbeddingInput{.tokens = tokens};
    return request;
}

} // namespace

/// Texts become vectors: of the built-in model, of one that chats, and of one that only embeds.
class TestEngineEmbeddings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        m_demo = makeEngine(demoModel());
        m_chat = makeEngine(bytes({.contextLength = 2048}));
        m_bert = makeEngine(bytes({.contextLength = 2048, .isBert = true, .pooling = meanPooling}));
        for (Engine *engine : {m_demo.get(), m_chat.get(), m_bert.get()})
            QTRY_COMPARE_WITH_TIMEOUT(engine->status().state, EngineState::Ready, patience);
    }

    void theBuiltInModelEmbeds()
    {
        QElapsedTimer timer;
        timer.start();
        AnswerReader reader(m_demo->open(embed({"How do I get started?"})));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        const qint64 first = timer.restart();
        QVERIFY(reader.isCompleted);
        QVERIFY(isOfLengthOne(reader.vectors[0]));
        AnswerReader again(m_demo->open(embed({"How do you get started?"})));
        QTRY_VERIFY_WITH_TIMEOUT(again.isDone(), patience);
        qInfo("%lld dimensions; the first text took %lld ms, the next %lld ms",
              static_cast<long long>(reader.vectors[0].size()), static_cast<long long>(first),
              static_cast<long long>(timer.elapsed()));
        QVERIFY(dot(again.vectors[0], reader.vectors[0]) > 0.5);
    }

    void tellsEventsInOrder_data()
    {
        QTest::addColumn<Engine *>("engine");
        QTest::newRow("built-in") << m_demo.get();
        QTest::newRow("chat") << m_chat.get();
        QTest::newRow("BERT") << m_bert.get();
    }

    void tellsEventsInOrder()
    {
        QFETCH(Engine *, engine);
        AnswerReader reader(engine->open(embed({"one", "another", "one"})));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QVERIFY(reader.isCompleted);
        QCOMPARE(reader.events.size(), 6);
        QVERIFY(std::holds_alternative<AnswerStarted>(reader.events[0]));
        QCOMPARE(std::get<AnswerStarted>(reader.events[0]).model, engine->name());
        for (int i = 0; i < 3; ++i) {
            QCOMPARE(std::get<EmbeddingComputed>(reader.events[1 + i]).index, i);
            QVERIFY(isOfLengthOne(reader.vectors[i]));
        }
        QVERIFY(reader.usage->promptTokens >= 3);
        QCOMPARE(reader.usage->completionTokens, 0);
        QVERIFY(std::holds_alternative<AnswerCompleted>(reader.events[5]));
        QCOMPARE(reader.vectors[0], reader.vectors[2]);
        QVERIFY(dot(reader.vectors[0], reader.vectors[1]) < 0.999);
    }

    void theSameTextGivesTheSameVector_data() { tellsEventsInOrder_data(); }

    /// Whatever else was asked for in between, and however much room it took.
    void theSameTextGivesTheSameVector()
    {
        QFETCH(Engine *, engine);
        const int length = engine->status().contextLength - 10;
        const QByteArray longText = QByteArray("ab c ").repeated(length).first(std::min(length, 1500));
        const Vector shortOnce = vectorOf(*engine, "short");
        const Vector longOnce = vectorOf(*engine, longText);
        QVERIFY(!longOnce.isEmpty());
        AnswerReader talk(engine->open(goOn("Hi", 5)));
        QTRY_VERIFY_WITH_TIMEOUT(talk.isDone(), patience);
        QCOMPARE(vectorOf(*engine, "short"), shortOnce);
        QCOMPARE(vectorOf(*engine, longText), longOnce);
        QVERIFY(engine->unload());
        QCOMPARE(vectorOf(*engine, longText), longOnce); // in a new context, and in it first
        QCOMPARE(vectorOf(*engine, "short"), shortOnce);
    }

    void takesTokens()
    {
        AnswerReader texts(m_chat->open(embed({"Hi", "x"}))); // every byte is a token
        AnswerReader tokens(m_chat->open(embedTokens("[[72,105],[120]]")));
        AnswerReader one(m_chat->open(embedTokens("[72,105]")));
        QTRY_VERIFY_WITH_TIMEOUT(texts.isCompleted && tokens.isCompleted && one.isCompleted, patience);
        QCOMPARE(tokens.vectors, texts.vectors);
        QCOMPARE(one.vectors[0], texts.vectors[0]);
        QCOMPARE(tokens.usage->promptTokens, 3);
    }

    void refuses_data()
    {
        QTest::addColumn<ChatRequest>("request");
        QTest::addColumn<QByteArray>("param");
        QTest::addColumn<QByteArray>("reason");
        const auto withDimensions = [](int dimensions) {
            ChatRequest request;
            request.input = EmbeddingInput{.texts = {"x"}, .dimensions = dimensions};
            return request;
        };
        const QByteArray tooLong(2049, 'x');
        QTest::newRow("no text") << embed({}) << QByteArray("input") << QByteArray();
        QTest::newRow("an empty text") << embed({""}) << QByteArray("input") << QByteArray();
        QTest::newRow("an empty text among others")
            << embed({"x", ""}) << QByteArray("input[1]") << QByteArray();
        QTest::newRow("too long") << embed({tooLong}) << QByteArray("input")
                                  << QByteArray("context_length_exceeded");
        QTest::newRow("much too long") << embed({"x", tooLong.repeated(1000)}) << QByteArray("input[1]")
                                       << QByteArray("context_length_exceeded");
        QTest::newRow("no tokens") << embedTokens("[]") << QByteArray("input") << QByteArray();
        QTest::newRow("an empty list of tokens")
            << embedTokens("[[1],[]]") << QByteArray("input[1]") << QByteArray();
        QTest::newRow("too many tokens") << embedTokens('[' + QByteArray("1,").repeated(2048) + "1]")
                                         << QByteArray("input") << QByteArray("context_length_exceeded");
        QTest::newRow("a negative token") << embedTokens("[-1]") << QByteArray("input") << QByteArray();
        QTest::newRow("a token of a larger model")
            << embedTokens("[[1],[260]]") << QByteArray("input[1]") << QByteArray();
        QTest::newRow("no whole number") << embedTokens("[1.5]") << QByteArray("input") << QByteArray();
        QTest::newRow("more dimensions") << withDimensions(65) << QByteArray("dimensions") << QByteArray();
        QTest::newRow("no dimension") << withDimensions(0) << QByteArray("dimensions") << QByteArray();
    }

    void refuses()
    {
        QFETCH(ChatRequest, request);
        QFETCH(QByteArray, param);
        QFETCH(QByteArray, reason);
        for (Engine *engine : {m_chat.get(), m_bert.get()}) {
            AnswerReader reader(engine->open(request));
            QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
            QVERIFY(reader.error);
            QCOMPARE(reader.events.size(), 1); // before the answer had begun
            QCOMPARE(reader.error->code, ErrorCode::InvalidRequest);
            QCOMPARE(reader.error->param, param);
            QCOMPARE(reader.error->reason, reason);
        }
    }

    void readsATextAsLongAsTheContext()
    {
        for (Engine *engine : {m_chat.get(), m_bert.get()})
            QVERIFY(isOfLengthOne(vectorOf(*engine, QByteArray(2048, 'x'))));
    }

    void cutsDimensionsAndScalesAgain()
    {
        const Vector whole = vectorOf(*m_chat, "text");
        QCOMPARE(whole.size(), 64);
        ChatRequest request;
        request.input = EmbeddingInput{.texts = {"text"}, .dimensions = 16};
        AnswerReader reader(m_chat->open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isCompleted, patience);
        const Vector cut = reader.vectors[0];
        QCOMPARE(cut.size(), 16);
        QVERIFY(isOfLengthOne(cut));
        const double scale = std::sqrt(dot(cut, whole) * dot(cut, whole)); // the cut one has a length of one
        for (int i = 0; i < 16; ++i)
            QVERIFY(std::abs(static_cast<double>(cut[i]) * scale - static_cast<double>(whole[i])) < 1e-5);
    }

    /// A text read in steps has the vector that its definition says: of its last token, which sees all the
    /// others; of the first one, which sees none; or the mean of all.
    void poolsAsTheModelSays()
    {
        const QByteArray start(600, 'x');
        const auto vectors = [&](int pooling) {
            const auto engine = makeEngine(bytes({.contextLength = 2048, .pooling = pooling}));
            return QList<Vector>{vectorOf(*engine, start + "y"), vectorOf(*engine, start + "z"),
                                 vectorOf(*engine, "x")};
        };
        const QList<Vector> first = vectors(firstPooling);
        QVERIFY(dot(first[0], first[1]) > 0.99999);
        QVERIFY(dot(first[0], first[2]) > 0.99999);
        const QList<Vector> last = vectors(lastPooling);
        QVERIFY(dot(last[0], last[1]) < 0.99);
        QVERIFY(dot(last[0], last[2]) < 0.99);
        const QList<Vector> mean = vectors(meanPooling);
        QVERIFY(dot(mean[0], mean[1]) > 0.99);
        QVERIFY(dot(mean[0], mean[1]) < 0.9999999);
        QCOMPARE(vectors(-1), mean); // where the file does not say
        QCOMPARE(mean[2], last[2]);  // of one token, all are the same
        QCOMPARE(mean[2], first[2]);
    }

    void aModelThatRanksGivesNone()
    {
        const auto engine = makeEngine(bytes({.pooling = rankPooling}));
        AnswerReader reader(engine->open(embed({"x"})));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QCOMPARE(reader.error->code, ErrorCode::InvalidRequest);
        QCOMPARE(reader.error->param, QByteArray("model"));
    }

    void aModelThatOnlyEmbedsRefusesToChat()
    {
        for (const ChatRequest &request : {ask("Hi"), goOn("Hi")}) {
            AnswerReader reader(m_bert->open(request));
            QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
            QCOMPARE(reader.error->code, ErrorCode::InvalidRequest);
            QCOMPARE(reader.error->param, QByteArray("model"));
        }
        QCOMPARE(m_bert->status().contextLength, 2048);
    }

    /// Neither does a chat wait for many texts to end, nor do they wait for it, nor for each other.
    void takesTurns()
    {
        QList<QByteArray> many;
        for (int i = 0; i < 400; ++i)
            many.append(QByteArray(300, 'x') + QByteArray::number(i));
        AnswerReader texts(m_chat->open(embed(many)));
        QTRY_VERIFY_WITH_TIMEOUT(texts.vectors.size() >= 3, patience);
        AnswerReader chat(m_chat->open(goOn("Hi", 20)));
        AnswerReader one(m_chat->open(embed({"one"})));
        QTRY_VERIFY_WITH_TIMEOUT(chat.isCompleted && one.isCompleted, patience);
        QVERIFY(texts.vectors.size() < 300);
        QVERIFY(!texts.isDone());
        QCOMPARE(chat.usage->completionTokens, 20);

        AnswerReader longChat(m_chat->open(goOn("Hi", 1500)));
        QTRY_VERIFY_WITH_TIMEOUT(longChat.textDeltas > 0, patience);
        AnswerReader meanwhile(m_chat->open(embed({"one"})));
        QTRY_VERIFY_WITH_TIMEOUT(meanwhile.isCompleted, patience);
        QVERIFY(!longChat.isDone());
        QCOMPARE(meanwhile.vectors, one.vectors);
        QTRY_VERIFY_WITH_TIMEOUT(texts.isCompleted, patience);
        QCOMPARE(texts.vectors.size(), 400);
    }

    void stopsWhenNobodyWantsTheVectors()
    {
        for (Engine *engine : {m_chat.get(), m_bert.get()}) {
            const Vector alone = vectorOf(*engine, "one");
            for (int i = 0; i < 20; ++i) {
                auto gone = std::make_unique<AnswerReader>(
                    engine->open(embed(QList<QByteArray>(2000, QByteArray(2000, 'x')))));
                QTest::qWait(i); // at any point of it
                gone.reset();
            }
            QElapsedTimer timer;
            timer.start();
            QCOMPARE(vectorOf(*engine, "one"), alone);
            QVERIFY(timer.elapsed() < 2000 * slowness); // all the others would have taken minutes
        }
    }

    void waitsForAReaderThatPauses()
    {
        AnswerReader slow(m_chat->open(embed(QList<QByteArray>(300, "text"))));
        slow.onVector = [&] {
            if (slow.vectors.size() == 5)
                slow.stream->pause();
        };
        QTRY_COMPARE_WITH_TIMEOUT(slow.vectors.size(), 5, patience);
        AnswerReader quick(m_chat->open(embed({"text"})));
        QTRY_VERIFY_WITH_TIMEOUT(quick.isCompleted, patience);
        QCOMPARE(slow.vectors.size(), 5);
        slow.stream->resume();
        QTRY_VERIFY_WITH_TIMEOUT(slow.isCompleted, patience);
        QCOMPARE(slow.vectors.size(), 300);
        for (const Vector &vector : std::as_const(slow.vectors))
            QCOMPARE(vector, quick.vectors[0]);
    }

private:
    static QByteArray bytes(const fakes::TinyModel &model) { return fakes::makeTinyGguf(model); }

    std::unique_ptr<Engine> makeEngine(QByteArrayView content)
    {
        m_contents.push_back(content.toByteArray()); // which must stay
        auto engine = std::make_unique<Engine>(
            EngineOptions{.name = "tiny", .path = {}, .bytes = m_contents.back()}, m_log);
        engine->load();
        return engine;
    }

    static Vector vectorOf(Engine &engine, const QByteArray &text)
    {
        AnswerReader reader(engine.open(embed({text})));
        if (!QTest::qWaitFor([&] { return reader.isDone(); }, patience) || reader.error)
            return {};
        return reader.vectors[0];
    }

    RecordingLog m_log;
    std::list<QByteArray> m_contents;
    std::unique_ptr<Engine> m_demo;
    std::unique_ptr<Engine> m_chat;
    std::unique_ptr<Engine> m_bert;
};

QTEST_GUILESS_MAIN(TestEngineEmbeddings)
#include "tst_engine_embeddings.moc"
