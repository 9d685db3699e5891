// SPDX-License-Identifier: GPL-3.0-or-later
#include "examination.h"
#include "fakes/fake_upstream.h"
#include "raw_upstream.h"
#include "unit/config/config_fixture.h"

#include <QFuture>
#include <QTest>

using namespace gatehouse;
using fakes::FakeUpstream;
using test::Examination;
using test::examine;
using test::routeTo;

/// All routes together: the order, the verdicts, the exit code, and what must not be told.
class DoctorReportTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everyRouteHasItsBlock();
    void oneRouteAlone();
    void unknownRouteIsAMistake();
    void noRouteAtAll();
    void defaultModelThatNobodyServes();
    void defaultModelOfAPool();
    void defaultModelThatOnlyAnotherRouteServes();
    void noSecretIsTold();
    void upstreamsWordsStayOnTheirLine();
    void localModelIsExamined();
    void localFileIsExamined_data();
    void localFileIsExamined();
    void settingsAreExaminedFirst();
};

namespace {

class SayingHello final : public ChatStream
{
    Q_OBJECT
public:
    SayingHello() { QMetaObject::invokeMethod(this, &SayingHello::say, Qt::QueuedConnection); }
    void pause() override {}
    void resume() override {}
    void cancel() override {}

private:
    void say()
    {
        Q_EMIT event(AnswerStarted{.model = "demo"});
        Q_EMIT event(AnswerCompleted{});
    }
};

/// Stands for the engine.
class LocalFake final : public ChatBackend
{
public:
    ChatStreamPtr open(const ChatRequest &) override { return ChatStreamPtr(new SayingHello); }
    QFuture<Result<QList<ModelInfo>>> models() override
    {
        return QtFuture::makeReadyFuture(Result<QList<ModelInfo>>(QList<ModelInfo>{{.id = "demo"}}));
    }
};

Result<std::unique_ptr<ChatBackend>> makeLocalFake(const RouteSettings &)
{
    return std::unique_ptr<ChatBackend>(std::make_unique<LocalFake>());
}

QUrl deadUrl()
{
    RawUpstream upstream([](QTcpSocket &, const RawRequest &) {});
    return upstream.url("/v1");
}

RouteSettings named(RouteSettings route, const char *key)
{
    route.key = QString::fromLatin1(key);
    return route;
}

RouteSettings localRoute(const QString &path)
{
    RouteSettings route;
    route.key = QStringLiteral("here");
    route.kind = RouteKind::Local;
    route.path = path;
    return route;
}

} // namespace

void DoctorReportTest::everyRouteHasItsBlock()
{
    FakeUpstream upstream;
    Settings settings;
    settings.routes = {named(routeTo(deadUrl()), "dead"), named(routeTo(upstream.openAiUrl()), "alive")};
    const Examination examination = examine(settings);
    QCOMPARE(examination.exitCode, int(ExitFailure));
    const qsizetype dead = examination.text.indexOf(QStringLiteral("route dead: openai, \"http://"));
    const qsizetype alive = examination.text.indexOf(QStringLiteral("route alive: openai, \"http://"));
    QVERIFY2(dead == 0 && alive > dead, qPrintable(examination.text));
    QVERIFY2(examination.text.endsWith(QStringLiteral("1 of 2 route(s) usable.\n")),
             qPrintable(examination.text));
}

void DoctorReportTest::oneRouteAlone()
{
    FakeUpstream upstream;
    Settings settings;
    settings.routes = {named(routeTo(deadUrl()), "dead"), named(routeTo(upstream.openAiUrl()), "alive")};
    settings.model.defaultModel = QStringLiteral("of-the-other-route");
    const Examination examination = examine(settings, QStringLiteral("Alive"));
    QCOMPARE(examination.exitCode, int(ExitSuccess));
    QVERIFY(!examination.says("dead"));
    QVERIFY2(!examination.says("of-the-other-route"), qPrintable(examination.text));
}

void DoctorReportTest::unknownRouteIsAMistake()
{
    Settings settings;
    settings.routes = {named(routeTo(deadUrl()), "ollama")};
    const Examination examination = examine(settings, QStringLiteral("olama"));
    QCOMPARE(examination.exitCode, int(ExitUsage));
    QCOMPARE(examination.text, QStringLiteral("There is no route \"olama\"; did you mean \"ollama\"?\n"));
}

void DoctorReportTest::noRouteAtAll()
{
    const Examination examination = examine(Settings());
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY(examination.says("There is no route"));
}

void DoctorReportTest::defaultModelThatNobodyServes()
{
    FakeUpstream upstream;
    upstream.setModels({"small", "big:latest"});
    Settings settings;
    settings.routes = {routeTo(upstream.openAiUrl())};
    settings.model.defaultModel = QStringLiteral("smal");
    QVERIFY(examine(settings).says("no route serves \"smal\", which is model.default"));
    settings.model.defaultModel = QStringLiteral("big");
    const Examination examination = examine(settings);
    QVERIFY2(!examination.says("model.default"), qPrintable(examination.text));
    QVERIFY(examination.finding("one token", "ok").startsWith(QStringLiteral("\"big\"")));
}

void DoctorReportTest::defaultModelOfAPool()
{
    FakeUpstream upstream;
    upstream.setModels({"small", "big"});
    Settings settings;
    settings.routes = {named(routeTo(upstream.openAiUrl()), "a")};
    settings.routes.first().pool = QStringLiteral("p");
    settings.routes.first().models = {QStringLiteral("small"), QStringLiteral("big")};
    settings.model.defaultRouteKey = QStringLiteral("p");
    settings.model.defaultModel = QStringLiteral("big:latest");
    const Examination examination = examine(settings);
    QVERIFY2(!examination.says("model.default"), qPrintable(examination.text));
    QVERIFY(examination.finding("one token", "ok").startsWith(QStringLiteral("\"big\"")));
}

void DoctorReportTest::defaultModelThatOnlyAnotherRouteServes()
{
    FakeUpstream first;
    FakeUpstream second;
    first.setModels({"small"});
    second.setModels({"tiny", "big"});
    Settings settings;
    settings.routes = {named(routeTo(first.openAiUrl()), "a"), named(routeTo(second.openAiUrl()), "b")};
    settings.model.defaultRouteKey = QStringLiteral("a");
    settings.model.defaultModel = QStringLiteral("big");
    const Examination examination = examine(settings);
    QVERIFY2(!examination.says("model.default"), qPrintable(examination.text));
    QVERIFY2(examination.text.contains(QStringLiteral("\"tiny\"")), qPrintable(examination.text));
}

void DoctorReportTest::noSecretIsTold()
{
    // A server that tells everybody what it was sent, in all it says.
    RawUpstream upstream([](QTcpSocket &socket, const RawRequest &request) {
        QByteArray told;
        for (const char *name : {"authorization", "x-team"})
            told += request.headers.value(name) + ' ';
        const bool isList = request.line.startsWith("GET");
        socket.write(isList ? httpAnswer("200 OK", R"({"data":[{"id":"for )" + told + R"("}]})")
                            : httpAnswer("500 Oh", R"({"error":{"message":"sent )" + told + R"("}})"));
    });
    RouteSettings withKey = routeTo(upstream.url("/v1"));
    withKey.apiKey = Secret("sk-hidden-1");
    withKey.headers = {{.name = "X-Team", .value = Secret("hidden-2")}};
    RouteSettings withPassword = routeTo(upstream.url("/v1"));
    withPassword.url.setUserName(QStringLiteral("otto"));
    withPassword.url.setPassword(QStringLiteral("hidden 3"));
    withPassword.url.setQuery(QStringLiteral("token=hidden-4"));
    for (const RouteSettings &route : {withKey, withPassword}) {
        const Examination examination = examine(route);
        QCOMPARE(examination.exitCode, int(ExitFailure));
        QVERIFY2(examination.says("********"), qPrintable(examination.text));
        for (const char *secret : {"sk-hidden-1", "hidden-2", "hidden 3", "hidden%203", "hidden-4"})
            QVERIFY2(!examination.says(secret), qPrintable(examination.text));
        QVERIFY2(!examination.says(QByteArray("otto:hidden 3").toBase64()), qPrintable(examination.text));
    }
}

void DoctorReportTest::upstreamsWordsStayOnTheirLine()
{
    RawUpstream upstream([](QTcpSocket &socket, const RawRequest &) {
        socket.write(httpAnswer("200 OK", R"({"data":[{"id":"a\u001b[31m\n  usable"}]})"));
    });
    const Examination examination = examine(routeTo(upstream.url("/v1")));
    QVERIFY2(!examination.text.contains(QChar(0x1b)), qPrintable(examination.text));
    QVERIFY2(!examination.says("\n  usable"), qPrintable(examination.text));
}

void DoctorReportTest::localModelIsExamined()
{
    Settings settings;
    settings.routes = {localRoute({})};
    const Examination examination = examine(settings, {}, &makeLocalFake);
    QVERIFY2(examination.text.startsWith(QStringLiteral("route here: local, the built-in demo model\n")),
             qPrintable(examination.text));
    QVERIFY(examination.finding("one token", "ok").startsWith(QStringLiteral("\"demo\"")));
    QCOMPARE(examination.exitCode, int(ExitSuccess));
    QCOMPARE(examine(settings).exitCode, int(ExitFailure)); // Without the engine.
}

void DoctorReportTest::localFileIsExamined_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("words");
    QTest::newRow("none") << QByteArray() << QStringLiteral("no such file");
    QTest::newRow("no GGUF") << QByteArray("<html>not found</html>") << QStringLiteral("no GGUF file");
    QTest::newRow("too short") << QByteArray("GG") << QStringLiteral("no GGUF file");
    QTest::newRow("GGUF") << QByteArray("GGUF\3\0\0\0", 8) << QString();
}

void DoctorReportTest::localFileIsExamined()
{
    QFETCH(const QByteArray, content);
    QFETCH(const QString, words);
    ConfigFixture folder;
    const QString file = folder.path(QStringLiteral("m.gguf"));
    if (!content.isEmpty())
        (void)folder.write(QStringLiteral("m.gguf"), content);
    Settings settings;
    settings.routes = {localRoute(file)};
    const Examination examination = examine(settings, {}, &makeLocalFake);
    if (words.isEmpty()) {
        QVERIFY2(!examination.finding("file", "ok").isEmpty(), qPrintable(examination.text));
        QCOMPARE(examination.exitCode, int(ExitSuccess));
    } else {
        QVERIFY2(examination.finding("file", "failed").contains(words), qPrintable(examination.text));
        QCOMPARE(examination.exitCode, int(ExitFailure));
    }
}

void DoctorReportTest::settingsAreExaminedFirst()
{
    ConfigFixture fixture;
    fixture.writeConfig("[server]\nprot = 80\n");
    QString text;
    QTextStream out(&text);
    QVERIFY(!examineSettings(fixture.sources, out));
    QVERIFY2(text.contains(QStringLiteral("gatehouse.toml:2")), qPrintable(text));
    fixture.writeConfig("[database]\nurl = 'mysql://x'\n"); // What only the room that uses it can tell.
    QVERIFY(!examineSettings(fixture.sources, out));
    fixture.writeConfig("[server]\nport = 8080\n");
    QVERIFY(examineSettings(fixture.sources, out));
}

QTEST_GUILESS_MAIN(DoctorReportTest)
#include "tst_doctor_report.moc"
