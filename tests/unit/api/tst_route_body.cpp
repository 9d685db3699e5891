// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/route_body.h"
#include "config/table/setting_table.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

SettingValue fieldOf(const ManagedRoute &route, const QString &name)
{
    for (const auto &[field, value] : route.fields) {
        if (field == name)
            return value;
    }
    return {};
}

QJsonObject shown(const RouteSettings &route, const RouteHealth &health = {})
{
    QByteArray body;
    json::Writer writer(body);
    writeRoute(writer, route, health);
    return QJsonDocument::fromJson(body).object();
}

} // namespace

class RouteBodyTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void readsEveryField();
    void knowsEveryFieldThatConfigurationHas();
    void takesNullAsAbsent();
    void refusesWhatIsWrong_data();
    void refusesWhatIsWrong();
    void showsWhatWasSet();
    void showsNoSecret();
    void showsRenamesAsTheyAreWritten();
    void showsHowTheRouteIsDoing();
};

void RouteBodyTest::readsEveryField()
{
    const auto route = readRouteBody(R"({"key":"Box-1","kind":"ollama","url":"http://192.0.2.7:11434",
        "api_key":"secret","headers":{"X-Title":"Gatehouse"},"models":{"small":"qwen3:0.6b"},
        "pool":"boxes","weight":3,"max_concurrent":8,"queue_limit":0,
        "timeouts":{"connect_seconds":1,"read_seconds":2.5,"queue_seconds":3}})");
    QVERIFY2(route, qPrintable(route ? QString() : route.error().message));
    QCOMPARE(route->key, QStringLiteral("box-1"));
    QCOMPARE(route->fields.size(), 12);
    // What configuration makes of the fields is what was meant.
    RouteSettings made;
    for (const auto &spec : routeFieldTable()) {
        const SettingValue value = fieldOf(*route, spec.keyText());
        if (!std::holds_alternative<std::monostate>(value))
            QVERIFY2(spec.binding.assign(made, value), spec.key);
    }
    QCOMPARE(made.kind, RouteKind::Ollama);
    QCOMPARE(made.url.toString(), QStringLiteral("http://192.0.2.7:11434"));
    QCOMPARE(made.apiKey.reveal(), QByteArray("secret"));
    QCOMPARE(made.headers.size(), 1);
    QCOMPARE(made.headers[0].name, QByteArray("X-Title"));
    QCOMPARE(made.headers[0].value.reveal(), QByteArray("Gatehouse"));
    QCOMPARE(made.models, QStringList{QStringLiteral("small")});
    QCOMPARE(made.names.value(QStringLiteral("small")), QStringLiteral("qwen3:0.6b"));
    QCOMPARE(made.pool, QStringLiteral("boxes"));
    QCOMPARE(made.weight, 3);
    QCOMPARE(made.maxConcurrent, 8);
    QCOMPARE(made.queueLimit, 0);
    QCOMPARE(made.timeouts.connect, 1s);
    QCOMPARE(made.timeouts.read, 2500ms);
    QCOMPARE(made.queueTimeout, 3s);
}

void RouteBodyTest::knowsEveryFieldThatConfigurationHas()
{
    for (const auto &spec : routeFieldTable()) {
        const QByteArrayList parts = QByteArray(spec.key).split('.');
        QByteArray value = "false"; // Of no field's type.
        for (auto part = parts.rbegin(); part != parts.rend(); ++part)
            value = "{\"" + *part + "\":" + value + '}';
        const auto route = readRouteBody("{\"key\":\"box\"," + value.mid(1));
        QVERIFY2(!route, spec.key);
        QCOMPARE(route.error().param, QByteArray(spec.key));
        QVERIFY2(route.error().reason != "unknown_parameter", spec.key);
    }
}

void RouteBodyTest::takesNullAsAbsent()
{
    const auto route = readRouteBody(
        R"({"key":"box","url":"http://192.0.2.7/v1","api_key":null,"models":null,"timeouts":null,"pool":null})");
    QVERIFY(route);
    QCOMPARE(route->fields.size(), 1);
    QVERIFY(readRouteBody(R"({"key":"box","timeouts":{"read_seconds":null}})"));
}

void RouteBodyTest::refusesWhatIsWrong_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("param");
    QTest::newRow("nothing") << QByteArray() << QByteArray("key");
    QTest::newRow("no JSON") << QByteArray("{") << QByteArray();
    QTest::newRow("no object") << QByteArray("[1]") << QByteArray();
    QTest::newRow("no key") << QByteArray(R"({"url":"http://a/v1"})") << QByteArray("key");
    QTest::newRow("null key") << QByteArray(R"({"key":null})") << QByteArray("key");
    const auto add = [](const char *name, const char *member, const char *param) {
        QTest::newRow(name) << QByteArray(R"({"key":"box",)") + member + '}' << QByteArray(param);
    };
    add("key of another type", R"("key":7)", "key");
    add("key with a slash", R"("key":"a/b")", "key");
    add("key of nothing", R"("key":"")", "key");
    add("unknown field", R"("colour":"red")", "colour");
    add("unknown timeout", R"("timeouts":{"tea_seconds":1})", "timeouts.tea_seconds");
    add("dotted field", R"("timeouts.read_seconds":1)", "timeouts.read_seconds");
    add("timeouts as a number", R"("timeouts":5)", "timeouts");
    add("timeouts as a list", R"("timeouts":[1])", "timeouts");
    add("timeout as text", R"("timeouts":{"read_seconds":"1"})", "timeouts.read_seconds");
    add("timeout of nothing", R"("timeouts":{"read_seconds":0})", "timeouts.read_seconds");
    add("timeout without end", R"("timeouts":{"read_seconds":1e99})", "timeouts.read_seconds");
    add("unknown kind", R"("kind":"smoke")", "kind");
    add("url of another scheme", R"("url":"ftp://a/v1")", "url");
    add("url with a password", R"("url":"http://u:sEcReT@a/v1")", "url");
    add("url with a query", R"("url":"http://a/v1?key=sEcReT")", "url");
    add("weight of nothing", R"("weight":0)", "weight");
    add("weight in part", R"("weight":1.5)", "weight");
    add("weight as text", R"("weight":"1")", "weight");
    add("weight as a flag", R"("weight":true)", "weight");
    add("negative bound", R"("max_concurrent":-1)", "max_concurrent");
    add("too many waiting", R"("queue_limit":1000000000000)", "queue_limit");
    add("pool with a space", R"("pool":"a b")", "pool");
    add("models as text", R"("models":"a")", "models");
    add("models of another type", R"("models":[1])", "models");
    add("renames of another type", R"("models":{"a":1})", "models");
    add("renames in a list", R"("models":{"a":["b"]})", "models");
    add("headers as a list", R"("headers":["X-A: sEcReT"])", "headers");
    add("header that ends its line", R"("headers":{"X-A":"sEcReT\r\nX-B: 1"})", "headers");
    add("header without a name", R"("headers":{"":"sEcReT"})", "headers");
    add("header that is said twice", R"("headers":{"X-A":"sEcReT","x-a":"b"})", "headers");
    add("key with a line's end", R"("api_key":"sEcReT\r\nX-B: 1")", "api_key");
    add("key in a list", R"("api_key":["sEcReT"])", "api_key");
}

void RouteBodyTest::refusesWhatIsWrong()
{
    QFETCH(const QByteArray, body);
    QFETCH(const QByteArray, param);
    const auto route = readRouteBody(body);
    QVERIFY(!route);
    QCOMPARE(route.error().code, ErrorCode::InvalidRequest);
    QCOMPARE(route.error().param, param);
    QVERIFY(!route.error().message.isEmpty());
    QVERIFY2(!(route.error().message + route.error().detail).contains(QLatin1String("sEcReT")),
             qPrintable(route.error().message));
}

void RouteBodyTest::showsWhatWasSet()
{
    RouteSettings route{.key = QStringLiteral("box"),
                        .url = QUrl(QStringLiteral("http://192.0.2.7:8000/v1")),
                        .models = {QStringLiteral("a"), QStringLiteral("b")},
                        .pool = QStringLiteral("boxes"),
                        .weight = 7,
                        .maxConcurrent = 3,
                        .queueLimit = 9,
                        .queueTimeout = 1500ms,
                        .isManaged = true};
    const QJsonObject row = shown(route);
    QCOMPARE(row[u"object"], QJsonValue(QStringLiteral("route")));
    QCOMPARE(row[u"key"], QJsonValue(QStringLiteral("box")));
    QCOMPARE(row[u"kind"], QJsonValue(QStringLiteral("openai")));
    QCOMPARE(row[u"url"], QJsonValue(QStringLiteral("http://192.0.2.7:8000/v1")));
    QCOMPARE(row[u"path"], QJsonValue());
    QCOMPARE(row[u"models"], QJsonValue(QJsonArray{QStringLiteral("a"), QStringLiteral("b")}));
    QCOMPARE(row[u"pool"], QJsonValue(QStringLiteral("boxes")));
    QCOMPARE(row[u"weight"], QJsonValue(7));
    QCOMPARE(row[u"max_concurrent"], QJsonValue(3));
    QCOMPARE(row[u"queue_limit"], QJsonValue(9));
    QCOMPARE(row[u"timeouts"][u"queue_seconds"], QJsonValue(1.5));
    QCOMPARE(row[u"timeouts"][u"connect_seconds"], QJsonValue(5));
    QCOMPARE(row[u"managed"], QJsonValue(true));
    QCOMPARE(row[u"has_api_key"], QJsonValue(false));
    const QJsonObject local =
        shown({.key = QStringLiteral("l"), .kind = RouteKind::Local, .path = QStringLiteral("/m.gguf")});
    QCOMPARE(local[u"url"], QJsonValue());
    QCOMPARE(local[u"path"], QJsonValue(QStringLiteral("/m.gguf")));
    QCOMPARE(local[u"pool"], QJsonValue());
}

void RouteBodyTest::showsNoSecret()
{
    const RouteSettings route{.key = QStringLiteral("box"),
                              .url = QUrl(QStringLiteral("http://u:sEcReT@192.0.2.7/v1?a=sEcReT#sEcReT")),
                              .apiKey = Secret("sEcReT"),
                              .headers = {{.name = "X-Title", .value = Secret("sEcReT")}}};
    QByteArray body;
    json::Writer writer(body);
    writeRoute(writer, route, {});
    QVERIFY2(!body.contains("sEcReT"), body.constData());
    const QJsonObject row = QJsonDocument::fromJson(body).object();
    QCOMPARE(row[u"has_api_key"], QJsonValue(true));
    QCOMPARE(row[u"headers"], QJsonValue(QJsonArray{QStringLiteral("X-Title")}));
}

void RouteBodyTest::showsRenamesAsTheyAreWritten()
{
    const RouteSettings route{.key = QStringLiteral("box"),
                              .models = {QStringLiteral("small"), QStringLiteral("big")},
                              .names = {{QStringLiteral("small"), QStringLiteral("qwen3:0.6b")}}};
    QCOMPARE(shown(route)[u"models"],
             QJsonValue(QJsonObject{{QStringLiteral("small"), QStringLiteral("qwen3:0.6b")},
                                    {QStringLiteral("big"), QStringLiteral("big")}}));
}

void RouteBodyTest::showsHowTheRouteIsDoing()
{
    RouteHealth health{.state = RouteHealth::State::Unavailable,
                       .models = 4,
                       .latency = 12ms,
                       .failure = Error{.code = ErrorCode::UpstreamUnreachable,
                                        .message = QStringLiteral("No connection."),
                                        .detail = QStringLiteral("10.1.2.3 sEcReT")},
                       .circuit = CircuitBreaker::State::HalfOpen,
                       .outstanding = 2,
                       .waiting = 5};
    const QJsonObject row = shown({.key = QStringLiteral("box")}, health);
    QCOMPARE(row[u"status"], QJsonValue(QStringLiteral("unavailable")));
    QCOMPARE(row[u"circuit"], QJsonValue(QStringLiteral("half_open")));
    QCOMPARE(row[u"outstanding"], QJsonValue(2));
    QCOMPARE(row[u"waiting"], QJsonValue(5));
    QCOMPARE(row[u"latency_ms"], QJsonValue(12));
    QCOMPARE(row[u"served_models"], QJsonValue(4));
    QCOMPARE(row[u"error"],
             QJsonValue(QJsonObject{{QStringLiteral("code"), QStringLiteral("upstream_unreachable")},
                                    {QStringLiteral("message"), QStringLiteral("No connection.")}}));
    health = {.state = RouteHealth::State::Ok};
    QCOMPARE(shown({}, health)[u"error"], QJsonValue());
    QCOMPARE(shown({}, health)[u"latency_ms"], QJsonValue());
    QCOMPARE(shown({}, health)[u"circuit"], QJsonValue(QStringLiteral("closed")));
}

QTEST_GUILESS_MAIN(RouteBodyTest)
#include "tst_route_body.moc"
