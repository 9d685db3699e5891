// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/error_body.h"
#include "dialects/openai/models_body.h"

#include <QTest>

using namespace gatehouse;
using openai::encodeError;

class TestOpenAiBodies : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void errorWords_data();
    void errorWords();
    void errorForms();
    void quotaIsNoRateLimit();
    void models();
    void modelOfThisProcess();
    void upstreamModels_data();
    void upstreamModels();
    void noModels_data();
    void noModels();
};

void TestOpenAiBodies::errorWords_data()
{
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<int>("upstreamStatus");
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<QByteArray>("word");
    const auto row = [](ErrorCode code, const char *type, const char *word, int upstreamStatus = 0) {
        QTest::addRow("%s %d", errorCodeName(code), upstreamStatus)
            << code << upstreamStatus << QByteArray(type) << QByteArray(word);
    };
    row(ErrorCode::InvalidRequest, "invalid_request_error", "null");
    row(ErrorCode::Unauthenticated, "invalid_request_error", "\"invalid_api_key\"");
    row(ErrorCode::Forbidden, "permission_error", "\"permission_denied\"");
    row(ErrorCode::NotFound, "not_found_error", "\"not_found\"");
    row(ErrorCode::MethodNotAllowed, "invalid_request_error", "\"method_not_allowed\"");
    row(ErrorCode::ModelNotFound, "invalid_request_error", "\"model_not_found\"");
    row(ErrorCode::RouteConflict, "invalid_request_error", "\"route_conflict\"");
    row(ErrorCode::AmbiguousModel, "invalid_request_error", "\"ambiguous_model\"");
    row(ErrorCode::RequestTimeout, "invalid_request_error", "\"request_timeout\"");
    row(ErrorCode::PayloadTooLarge, "invalid_request_error", "\"payload_too_large\"");
    row(ErrorCode::UnsupportedMediaType, "invalid_request_error", "\"unsupported_media_type\"");
    row(ErrorCode::UriTooLong, "invalid_request_error", "\"uri_too_long\"");
    row(ErrorCode::HeadersTooLarge, "invalid_request_error", "\"headers_too_large\"");
    row(ErrorCode::RateLimited, "requests", "\"rate_limit_exceeded\"");
    row(ErrorCode::Overloaded, "server_error", "\"overloaded\"");
    row(ErrorCode::UpstreamRejected, "invalid_request_error", "null", 400);
    row(ErrorCode::UpstreamRejected, "permission_error", "null", 403);
    row(ErrorCode::UpstreamRejected, "not_found_error", "null", 404);
    row(ErrorCode::UpstreamRejected, "requests", "null", 429);
    row(ErrorCode::UpstreamFailed, "server_error", "\"upstream_failed\"");
    row(ErrorCode::UpstreamUnreachable, "server_error", "\"upstream_unreachable\"");
    row(ErrorCode::UpstreamTimeout, "server_error", "\"upstream_timeout\"");
    row(ErrorCode::Cancelled, "server_error", "\"cancelled\"");
    row(ErrorCode::NotImplemented, "invalid_request_error", "\"not_implemented\"");
    row(ErrorCode::Internal, "server_error", "\"internal\"");
}

void TestOpenAiBodies::errorWords()
{
    QFETCH(const ErrorCode, code);
    QFETCH(const int, upstreamStatus);
    QFETCH(const QByteArray, type);
    QFETCH(const QByteArray, word);
    const Error error{.code = code,
                      .message = QStringLiteral("Nö."),
                      .detail = QStringLiteral("for the log"),
                      .upstreamStatus = upstreamStatus};
    QCOMPARE(encodeError(error), "{\"error\":{\"message\":\"Nö.\",\"type\":\"" + type +
                                     "\",\"param\":null,\"code\":" + word + "}}");
}

void TestOpenAiBodies::errorForms()
{
    const Error error{
        .message = QStringLiteral("Bad \"x\""), .param = "messages[0].role", .reason = "invalid_value"};
    const QByteArray inner =
        "\"error\":{\"message\":\"Bad \\\"x\\\"\",\"type\":\"server_error\",\"param\":\"messages[0].role\","
        "\"code\":\"invalid_value\"}";
    QCOMPARE(encodeError(error), '{' + inner + '}');
    QCOMPARE(encodeError(error, openai::ErrorForm::WithDetail),
             '{' + inner + ",\"detail\":\"Bad \\\"x\\\"\"}");
}

void TestOpenAiBodies::quotaIsNoRateLimit()
{
    const Error error{
        .code = ErrorCode::RateLimited, .message = QStringLiteral("m"), .reason = "insufficient_quota"};
    QVERIFY(encodeError(error).contains(
        "\"type\":\"insufficient_quota\",\"param\":null,\"code\":\"insufficient_quota\""));
}

void TestOpenAiBodies::models()
{
    const ModelInfo full{.id = "org/a:7b", .created = 5, .ownedBy = "me", .contextLength = 4096};
    const QByteArray first =
        "{\"id\":\"org/"
        "a:7b\",\"object\":\"model\",\"created\":5,\"owned_by\":\"me\",\"context_length\":4096}";
    const QByteArray second = "{\"id\":\"b\",\"object\":\"model\",\"created\":0,\"owned_by\":\"unknown\"}";
    QCOMPARE(openai::encodeModel(full), first);
    QCOMPARE(openai::encodeModelList({full, {.id = "b"}}),
             "{\"object\":\"list\",\"data\":[" + first + ',' + second + "]}");
    QCOMPARE(openai::encodeModelList({}), QByteArray("{\"object\":\"list\",\"data\":[]}"));
    const auto again = openai::decodeModelList(openai::encodeModelList({full}));
    QCOMPARE(*again, QList<ModelInfo>{full});
}

void TestOpenAiBodies::modelOfThisProcess()
{
    const QByteArray loading = openai::encodeModel({.id = "a", .status = "loading", .progress = 0.25});
    QVERIFY2(loading.endsWith(R"("owned_by":"unknown","status":"loading","progress":0.25})"),
             loading.constData());
    QVERIFY(openai::encodeModel({.id = "a", .status = "ready"}).endsWith(R"("status":"ready"})"));
}

void TestOpenAiBodies::upstreamModels_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("id");
    QTest::addColumn<qint64>("created");
    QTest::addColumn<qint64>("contextLength");
    const auto row = [](const char *name, const char *body, const char *id, qint64 created,
                        qint64 contextLength) {
        QTest::newRow(name) << QByteArray(body) << QByteArray(id) << created << contextLength;
    };
    row("OpenAI",
        R"({"object":"list","data":[{"id":"gpt-4o","object":"model","created":1686935002,"owned_by":"openai"}]})",
        "gpt-4o", 1686935002, 0);
    row("vLLM",
        R"({"object":"list","data":[{"id":"org/m","created":1,"owned_by":"vllm","root":"org/m","parent":null,"max_model_len":32768,"permission":[{}]}]})",
        "org/m", 1, 32768);
    row("llama-server",
        R"({"models":[{"name":"x"}],"object":"list","data":[{"id":"a.gguf","created":2,"owned_by":"llamacpp","meta":{"vocab_type":2,"n_ctx_train":131072}}]})",
        "a.gguf", 2, 131072);
    row("OpenRouter",
        R"({"data":[{"id":"a/b","name":"B","created":3.75,"context_length":200000,"pricing":{}}]})", "a/b", 3,
        200000);
    row("Groq", R"({"data":[{"id":"g","context_window":8192,"created":-4}]})", "g", 0, 8192);
    row("bare list", R"([{"id":"t","created":"soon"}])", "t", 0, 0);
    row("entries without id", R"({"data":[{},7,{"id":""},{"id":"x"}]})", "x", 0, 0);
}

void TestOpenAiBodies::upstreamModels()
{
    QFETCH(const QByteArray, body);
    const auto models = openai::decodeModelList(body);
    QVERIFY(models && models->size() == 1);
    QTEST(models->first().id, "id");
    QTEST(models->first().created, "created");
    QTEST(models->first().contextLength, "contextLength");
}

void TestOpenAiBodies::noModels_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("page") << QByteArray("<html>");
    QTest::newRow("no data") << QByteArray("{}");
    QTest::newRow("data of no kind") << QByteArray("{\"data\":{}}");
}

void TestOpenAiBodies::noModels()
{
    QFETCH(const QByteArray, body);
    const auto models = openai::decodeModelList(body);
    QVERIFY(!models && models.error().code == ErrorCode::UpstreamFailed);
}

QTEST_GUILESS_MAIN(TestOpenAiBodies)
#include "tst_openai_bodies.moc"
