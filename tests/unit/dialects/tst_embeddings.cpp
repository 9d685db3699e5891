// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/ollama/embeddings.h"
#include "dialects/ollama/request_encoder.h"
#include "dialects/openai/embeddings.h"
#include "dialects/openai/request_encoder.h"
#include "unit/dialects/event_text.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <cmath>
#include <limits>

using namespace gatehouse;
using openai::decodeEmbeddings;
using openai::decodeEmbeddingsRequest;
using openai::EmbeddingsEncoder;
using openai::VectorFormat;

static EmbeddingInput inputOf(const ChatRequest &request)
{
    return std::get<EmbeddingInput>(request.input);
}

/// An upstream's answer with these rows.
static QByteArray answer(const QByteArray &rows, const QByteArray &more = R"(,"model":"m")")
{
    return R"({"object":"list","data":[)" + rows + "]" + more + "}";
}

static QByteArray row(const QByteArray &index, const QByteArray &vector)
{
    return R"({"object":"embedding","index":)" + index + R"(,"embedding":)" + vector + "}";
}

static bool isFailure(const ChatEvents &events, ErrorCode code = ErrorCode::UpstreamFailed)
{
    const auto *failed = std::get_if<AnswerFailed>(&events.first());
    return events.size() == 1 && failed && failed->error.code == code;
}

class TestEmbeddings : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everyField();
    void inputs_data();
    void inputs();
    void formats_data();
    void formats();
    void refusals_data();
    void refusals();
    void bounds();
    void upstreamBody();
    void ollamaBody();
    void answers_data();
    void answers();
    void tooManyNumbers();
    void noAnswers_data();
    void noAnswers();
    void upstreamErrors();
    void ollamaAnswers();
    void ollamaNoAnswers_data();
    void ollamaNoAnswers();
    void encodesNumbersThatReadBackTheSame();
    void encodesBase64();
    void encodesInOrder();
    void nothingBeforeTheEnd();
};

void TestEmbeddings::everyField()
{
    const auto body = decodeEmbeddingsRequest(
        R"({"input":"Hi","model":"org/e:1","modelKey":"box","encoding_format":"base64","dimensions":256,"user":"u","x":{"a": 1}})");
    QVERIFY(body);
    QCOMPARE(body->request.model, QByteArray("org/e:1"));
    QCOMPARE(body->request.routeKey, QByteArray("box"));
    QCOMPARE(body->format, VectorFormat::Base64);
    const EmbeddingInput expected{.texts = {"Hi"}, .dimensions = 256, .wantsBytes = true};
    QCOMPARE(inputOf(body->request), expected);
    const OpaqueFields extensions{{.name = "user", .json = "\"u\""}, {.name = "x", .json = "{\"a\": 1}"}};
    QCOMPARE(body->request.extensions, extensions);
    QVERIFY(!body->request.stream);
}

void TestEmbeddings::inputs_data()
{
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<QByteArrayList>("texts");
    QTest::addColumn<QByteArray>("tokens");
    QTest::addColumn<int>("vectors");
    QTest::newRow("text") << QByteArray(R"("H\u00e9")") << QByteArrayList{"Hé"} << QByteArray() << 1;
    QTest::newRow("texts") << QByteArray(R"(["a","b", "a"])") << QByteArrayList{"a", "b", "a"} << QByteArray()
                           << 3;
    QTest::newRow("tokens") << QByteArray("[1, 2,3]") << QByteArrayList() << QByteArray("[1, 2,3]") << 1;
    QTest::newRow("token lists") << QByteArray("[[1,2],[0]]") << QByteArrayList() << QByteArray("[[1,2],[0]]")
                                 << 2;
}

void TestEmbeddings::inputs()
{
    QFETCH(const QByteArray, input);
    QFETCH(const int, vectors);
    const auto body = decodeEmbeddingsRequest("{\"input\":" + input + "}");
    QVERIFY(body);
    const EmbeddingInput decoded = inputOf(body->request);
    QTEST(QByteArrayList(decoded.texts), "texts");
    QTEST(decoded.tokens, "tokens");
    QCOMPARE(openai::vectorCount(decoded), qsizetype(vectors));
}

void TestEmbeddings::formats_data()
{
    QTest::addColumn<QByteArray>("member");
    QTest::addColumn<bool>("isBase64");
    QTest::newRow("unsaid") << QByteArray() << false;
    QTest::newRow("null") << QByteArray(R"(,"encoding_format":null)") << false;
    QTest::newRow("float") << QByteArray(R"(,"encoding_format":"float")") << false;
    QTest::newRow("base64") << QByteArray(R"(,"encoding_format":"base64")") << true;
}

void TestEmbeddings::formats()
{
    QFETCH(const QByteArray, member);
    const auto body = decodeEmbeddingsRequest(R"({"input":"a")" + member + "}");
    QVERIFY(body);
    QTEST(body->format == VectorFormat::Base64, "isBase64");
}

void TestEmbeddings::refusals_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("param");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const char *body, const char *param, const char *reason) {
        QTest::newRow(body) << QByteArray(body) << QByteArray(param) << QByteArray(reason);
    };
    row("{}", "input", "missing_required_parameter");
    row(R"({"input":null})", "input", "missing_required_parameter");
    row(R"({"input":5})", "input", "invalid_type");
    row(R"({"input":{"text":"a"}})", "input", "invalid_type");
    row(R"({"input":""})", "input", "invalid_value");
    row(R"({"input":[]})", "input", "invalid_value");
    row(R"({"input":["a",""]})", "input[1]", "invalid_value");
    row(R"({"input":["a",1]})", "input[1]", "invalid_type");
    row(R"({"input":["a",null]})", "input[1]", "invalid_type");
    row(R"({"input":[null]})", "input[0]", "invalid_type");
    row(R"({"input":[1,"a"]})", "input[1]", "invalid_type");
    row(R"({"input":[1,null]})", "input[1]", "invalid_type");
    row(R"({"input":[1,1.5]})", "input[1]", "invalid_value");
    row(R"({"input":[-1]})", "input[0]", "invalid_value");
    row(R"({"input":[[1],[]]})", "input[1]", "invalid_value");
    row(R"({"input":[[1],2]})", "input[1]", "invalid_type");
    row(R"({"input":[[1],[2,"a"]]})", "input[1][1]", "invalid_type");
    row(R"({"input":"a","encoding_format":"hex"})", "encoding_format", "invalid_value");
    row(R"({"input":"a","encoding_format":1})", "encoding_format", "invalid_type");
    row(R"({"input":"a","dimensions":0})", "dimensions", "invalid_value");
    row(R"({"input":"a","dimensions":70000})", "dimensions", "invalid_value");
    row(R"({"input":"a","dimensions":"8"})", "dimensions", "invalid_type");
    row(R"({"input":"a","model":1})", "model", "invalid_type");
    row(R"({"input":"a","modelKey":[]})", "modelKey", "invalid_type");
    row("[]", "", "invalid_type");
    row("{", "", "invalid_json");
}

void TestEmbeddings::refusals()
{
    QFETCH(const QByteArray, body);
    const auto decoded = decodeEmbeddingsRequest(body);
    QVERIFY(!decoded);
    QCOMPARE(decoded.error().code, ErrorCode::InvalidRequest);
    QTEST(decoded.error().param, "param");
    QTEST(decoded.error().reason, "reason");
}

void TestEmbeddings::bounds()
{
    const auto texts = [](qsizetype count) {
        return "{\"input\":[" + QByteArray("\"a\",").repeated(count).chopped(1) + "]}";
    };
    QVERIFY(decodeEmbeddingsRequest(texts(openai::maxEmbeddingInputs)));
    const auto tooMany = decodeEmbeddingsRequest(texts(openai::maxEmbeddingInputs + 1));
    QVERIFY(!tooMany);
    QCOMPARE(tooMany.error().param, QByteArray("input"));
    const auto longName =
        decodeEmbeddingsRequest("{\"input\":\"a\",\"model\":\"" + QByteArray(513, 'x') + "\"}");
    QVERIFY(!longName);
    QCOMPARE(longName.error().param, QByteArray("model"));
}

void TestEmbeddings::upstreamBody()
{
    const auto sent = [](const char *body) {
        const auto decoded = decodeEmbeddingsRequest(body);
        return decoded ? openai::encodeRequest(decoded->request, "served") : QByteArray("refused");
    };
    QCOMPARE(
        sent(
            R"({"input":"a\\b","model":"m","modelKey":"k","encoding_format":"base64","dimensions":8,"user":"u"})"),
        QByteArray(
            R"({"model":"served","input":["a\\b"],"encoding_format":"base64","dimensions":8,"user":"u"})"));
    QCOMPARE(sent(R"({"input":[[1, 2]]})"),
             QByteArray(R"({"model":"served","input":[[1, 2]],"encoding_format":"float"})"));
    QCOMPARE(openai::requestPath({.input = EmbeddingInput{}}), QByteArray("embeddings"));
}

void TestEmbeddings::ollamaBody()
{
    const auto body = decodeEmbeddingsRequest(
        R"({"input":["a","b"],"dimensions":8,"truncate":false,"encoding_format":"base64"})");
    QVERIFY(body);
    const auto sent = ollama::encodeRequest(body->request, "served");
    QVERIFY(sent);
    QCOMPARE(*sent, QByteArray(R"({"model":"served","input":["a","b"],"dimensions":8,"truncate":false})"));
    QCOMPARE(ollama::requestPath(body->request), QByteArray("api/embed"));
    const auto tokens = decodeEmbeddingsRequest(R"({"input":[1,2]})");
    QVERIFY(tokens);
    const auto refused = ollama::encodeRequest(tokens->request, "served");
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::InvalidRequest);
    QCOMPARE(refused.error().param, QByteArray("input"));
}

void TestEmbeddings::answers_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("inputs");
    QTest::addColumn<QByteArray>("story");
    const QByteArray end = "usage 5 + 0 cached 0 reasoning 0\ncompleted\n";
    const QByteArray usage = R"(,"model":"m","usage":{"prompt_tokens":5,"total_tokens":5})";
    QTest::newRow("one") << answer(row("0", "[0.5, -1, 3e-2]"), usage) << 1
                         << "started \"m\"\nvector 0 0.5 -1 0.03\n" + end;
    QTest::newRow("out of order") << answer(row("1", "[2]") + "," + row("0", "[1]"), usage) << 2
                                  << "started \"m\"\nvector 0 1\nvector 1 2\n" + end;
    // 0.5 and −2 are 00 00 00 3f and 00 00 00 c0.
    QTest::newRow("base64") << answer(row("0", "\"AAAAPwAAAMA=\""), usage) << 1
                            << "started \"m\"\nvector 0 0.5 -2\n" + end;
    QTest::newRow("without indices") << answer(R"({"embedding":[1]},{"embedding":[2]})", usage) << 2
                                     << "started \"m\"\nvector 0 1\nvector 1 2\n" + end;
    QTest::newRow("without usage and model")
        << answer(row("0", "[1]"), {}) << 1 << QByteArray("started \"\"\nvector 0 1\ncompleted\n");
    QTest::newRow("the least float") << answer(row("0", "[1e-60, 3.4028234e38]"), {}) << 1
                                     << QByteArray("started \"\"\nvector 0 0 3.40282e+38\ncompleted\n");
}

void TestEmbeddings::answers()
{
    QFETCH(const QByteArray, body);
    QFETCH(const int, inputs);
    QTEST(test::describe(decodeEmbeddings(body, inputs)), "story");
}

void TestEmbeddings::noAnswers_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("not JSON") << QByteArray("<html>");
    QTest::newRow("cut") << answer(row("0", "[1]")).chopped(1);
    QTest::newRow("no data") << QByteArray("{}");
    QTest::newRow("data is an object") << QByteArray(R"({"data":{}})");
    QTest::newRow("too few") << answer(row("0", "[1]"));
    QTest::newRow("none") << answer({});
    QTest::newRow("too many") << answer(row("0", "[1]") + "," + row("1", "[1]") + "," + row("2", "[1]"));
    QTest::newRow("one twice") << answer(row("0", "[1]") + "," + row("0", "[1]"));
    QTest::newRow("index below zero") << answer(row("0", "[1]") + "," + row("-1", "[1]"));
    QTest::newRow("index beyond") << answer(row("0", "[1]") + "," + row("99999999999", "[1]"));
    QTest::newRow("index is text") << answer(row("0", "[1]") + "," + row("\"1\"", "[1]"));
    QTest::newRow("row is a number") << answer("1,2");
    const auto second = [](const char *name, const QByteArray &vector) {
        QTest::newRow(name) << answer(row("0", "[1]") + "," + row("1", vector));
    };
    second("empty vector", "[]");
    second("null in it", "[1,null]");
    second("text in it", "[1,\"2\"]");
    second("beyond a float", "[1e39]");
    second("beyond a double", "[1e999]");
    second("nested", "[[1]]");
    second("null", "null");
    second("an object", "{}");
    second("empty text", "\"\"");
    second("not base64", "\"AAAA?wAA\"");
    second("half a float", "\"AAA=\"");
    second("infinite", "\"AACAfw==\""); // 00 00 80 7f
    second("not a number", "\"AADAfw==\"");
    second("too long", "[" + QByteArray("1,").repeated(openai::maxVectorValues) + "1]");
}

void TestEmbeddings::noAnswers()
{
    QFETCH(const QByteArray, body);
    QVERIFY(isFailure(decodeEmbeddings(body, 2)));
}

// In base64 they are few values of JSON, and as many numbers to be written.
void TestEmbeddings::tooManyNumbers()
{
    const QByteArray vector =
        '"' + QByteArray(openai::maxVectorValues * qsizetype(sizeof(float)), '\0').toBase64() + '"';
    const auto answerOf = [&vector](qsizetype rows) {
        QByteArrayList list;
        for (qsizetype i = 0; i < rows; ++i)
            list.append(row(QByteArray::number(i), vector));
        return decodeEmbeddings(answer(list.join(',')), rows);
    };
    constexpr qsizetype most = openai::vectorLimits.values / openai::maxVectorValues;
    QCOMPARE(answerOf(most).size(), most + 2);
    QVERIFY(isFailure(answerOf(most + 1)));
    const QByteArray numbers = "[" + QByteArray("1,").repeated(openai::maxVectorValues - 1) + "1]";
    QVERIFY(isFailure(ollama::decodeEmbeddings(
        R"({"embeddings":[)" + (numbers + ',').repeated(most).chopped(1) + "]}", most)));
}

void TestEmbeddings::upstreamErrors()
{
    const ChatEvents events = decodeEmbeddings(R"({"error":{"message":"out of memory","code":500}})", 1);
    QVERIFY(isFailure(events));
    QVERIFY(std::get<AnswerFailed>(events.first()).error.message.contains(QStringLiteral("out of memory")));
    QVERIFY(isFailure(decodeEmbeddings(R"({"error":{"message":"too long","code":400}})", 1),
                      ErrorCode::UpstreamRejected));
    QVERIFY(isFailure(ollama::decodeEmbeddings(R"({"error":"model not loaded"})", 1)));
}

void TestEmbeddings::ollamaAnswers()
{
    QCOMPARE(
        test::describe(ollama::decodeEmbeddings(
            R"({"model":"e","embeddings":[[0.5,-1],[2]],"total_duration":1,"prompt_eval_count":7})", 2)),
        QByteArray(
            "started \"e\"\nvector 0 0.5 -1\nvector 1 2\nusage 7 + 0 cached 0 reasoning 0\ncompleted\n"));
    QCOMPARE(test::describe(ollama::decodeEmbeddings(R"({"model":"e","embeddings":[[1]]})", 1)),
             QByteArray("started \"e\"\nvector 0 1\ncompleted\n"));
}

void TestEmbeddings::ollamaNoAnswers_data()
{
    QTest::addColumn<QByteArray>("body");
    for (const char *body :
         {"", "[]", "{}", R"({"embeddings":null})", R"({"embeddings":[]})", R"({"embeddings":[[1]]})",
          R"({"embeddings":[[1],[2],[3]]})", R"({"embeddings":[[1],[]]})", R"({"embeddings":[[1],2]})",
          R"({"embedding":[1,2]})"})
        QTest::newRow(body) << QByteArray(body);
}

void TestEmbeddings::ollamaNoAnswers()
{
    QFETCH(const QByteArray, body);
    QVERIFY(isFailure(ollama::decodeEmbeddings(body, 2)));
}

static QByteArray encoded(VectorFormat format, const QList<float> &values)
{
    EmbeddingsEncoder encoder(format);
    (void)encoder.encode(AnswerStarted{.model = "m"});
    (void)encoder.encode(EmbeddingComputed{.values = values});
    return encoder.encode(AnswerCompleted{});
}

void TestEmbeddings::encodesNumbersThatReadBackTheSame()
{
    const QList<float> values{
        0.1F,     -2.5F,   0, std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::max(),
        1.0F / 3, 16777216};
    const QByteArray body = encoded(VectorFormat::Float, values);
    QVERIFY2(body.contains("[0.1,-2.5,0,"), body.constData());
    const ChatEvents again = decodeEmbeddings(body, 1);
    QCOMPARE(again.size(), 4);
    QCOMPARE(std::get<EmbeddingComputed>(again.at(1)).values, values);
}

void TestEmbeddings::encodesBase64()
{
    const QByteArray body = encoded(VectorFormat::Base64, {0.5F, -2});
    QCOMPARE(body,
             QByteArray(R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":)"
                        R"("AAAAPwAAAMA="}],"model":"m","usage":{"prompt_tokens":0,"total_tokens":0}})"));
}

void TestEmbeddings::encodesInOrder()
{
    EmbeddingsEncoder encoder(VectorFormat::Float);
    (void)encoder.encode(EmbeddingComputed{.index = 1, .values = {2}});
    (void)encoder.encode(EmbeddingComputed{.index = 0, .values = {1}});
    (void)encoder.encode(UsageReported{{.promptTokens = 5}});
    QCOMPARE(encoder.encode(AnswerCompleted{}),
             QByteArray(R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1]},)"
                        R"({"object":"embedding","index":1,"embedding":[2]}],"model":"",)"
                        R"("usage":{"prompt_tokens":5,"total_tokens":5}})"));
}

void TestEmbeddings::nothingBeforeTheEnd()
{
    EmbeddingsEncoder encoder(VectorFormat::Float);
    QVERIFY(encoder.encode(AnswerStarted{}).isEmpty());
    QVERIFY(encoder.encode(EmbeddingComputed{.values = {1}}).isEmpty());
    QVERIFY(encoder.encode(TextDelta{.text = "a"}).isEmpty());
    QVERIFY(encoder.encode(AnswerFailed{}).isEmpty());
}

QTEST_GUILESS_MAIN(TestEmbeddings)
#include "tst_embeddings.moc"
