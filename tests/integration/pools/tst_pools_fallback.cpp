// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "api_client.h"
#include "closed_port.h"
#include "fakes/fake_upstream.h"
#include "routes_toml.h"

#include <QJsonArray>
#include <QTest>

using namespace gatehouse;
using fakes::behave;
using fakes::FakeUpstream;

/// What answers in a model's place, and when.
class PoolsFallbackTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void isTaken_data();
    void isTaken();
    void isNotTaken_data();
    void isNotTaken();
    void goesDownTheList();
    void mayNameARoute();
    void isOnlyWhatTheKeyMayUse();

private:
    void start(const QByteArray &fallbacks, const QStringList &environment = {});
    [[nodiscard]] ApiAnswer ask(const QByteArray &credential = {}, bool stream = false) const;
    [[nodiscard]] static int asked(const FakeUpstream &upstream);

    ClosedPort m_closed;
    FakeUpstream m_small{{}, FakeUpstream::Runs::InOwnThread};
    FakeUpstream m_big{{}, FakeUpstream::Runs::InOwnThread};
    std::unique_ptr<GatehouseProcess> m_gatehouse;
    QByteArray m_adminKey;
};

void PoolsFallbackTest::init()
{
    m_small.setDefaults(behave("tokens=4"));
    m_small.forget();
    m_big.forget();
}

void PoolsFallbackTest::start(const QByteArray &fallbacks, const QStringList &environment)
{
    const QUrl nobody(QStringLiteral("http://127.0.0.1:%1/v1").arg(m_closed.number()));
    m_gatehouse = std::make_unique<GatehouseProcess>(
        environment, configArguments(),
        configFile(configured({{.key = "small", .url = m_small.openAiUrl(), .models = R"(["small"])"},
                               {.key = "big", .url = m_big.openAiUrl(), .models = R"(["big","any"])"},
                               {.key = "other", .url = nobody, .models = R"(["any","gone"])"}},
                              "[model]\nfallback = " + fallbacks + '\n')));
    m_adminKey = m_gatehouse->makeAdminKey();
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
}

ApiAnswer PoolsFallbackTest::ask(const QByteArray &credential, bool stream) const
{
    const QByteArray body = R"({"model":"small","stream":)" + QByteArray(stream ? "true" : "false") +
                            R"(,"messages":[{"role":"user","content":"Hello!"}]})";
    return ApiClient(m_gatehouse->port(), credential).post("/v1/chat/completions", body);
}

int PoolsFallbackTest::asked(const FakeUpstream &upstream)
{
    const QList<fakes::SeenRequest> requests = upstream.requests();
    return int(std::count_if(requests.begin(), requests.end(),
                             [](const auto &seen) { return seen.request.method == "POST"; }));
}

void PoolsFallbackTest::isTaken_data()
{
    QTest::addColumn<QByteArray>("wish");
    for (const char *wish :
         {"fault=refuse", "fault=reset", "status=500", "status=429,retry_after=9", "status=404",
          "status=400,code=context_length_exceeded", "status=400,code=exceed_context_size_error"})
        QTest::addRow("%s", wish) << QByteArray(wish);
}

void PoolsFallbackTest::isTaken()
{
    QFETCH(const QByteArray, wish);
    m_small.accept();
    start(R"({ "small" = ["big"] })");
    m_small.answerNext(behave(wish));
    const ApiAnswer answer = ask();
    QVERIFY2(answer.status == 200, answer.body);
    QCOMPARE(answer.json()[u"model"].toString(), QStringLiteral("big"));
    QCOMPARE(asked(m_big), 1);
    const ApiClient admin(m_gatehouse->port(), bearer(m_adminKey));
    const auto rows = [&admin] {
        return admin.get("/api/requests?endpoint=/v1/chat/completions").json()[u"data"].toArray();
    };
    QTRY_COMPARE(rows().size(), 1);
    QCOMPARE(rows().first()[u"model"].toString(), QStringLiteral("big"));
    QCOMPARE(rows().first()[u"route"].toString(), QStringLiteral("big"));
}

void PoolsFallbackTest::isNotTaken_data()
{
    QTest::addColumn<QByteArray>("wish");
    QTest::addColumn<bool>("stream");
    QTest::addColumn<int>("status");
    QTest::newRow("a bad request") << QByteArray("status=400") << false << 400;
    QTest::newRow("a bad request, stream") << QByteArray("status=422") << true << 422;
    QTest::newRow("after the first byte") << QByteArray("fault=reset@2") << true << 200;
}

void PoolsFallbackTest::isNotTaken()
{
    QFETCH(const QByteArray, wish);
    QFETCH(const bool, stream);
    QFETCH(const int, status);
    m_small.accept();
    start(R"({ "small" = ["big"] })");
    m_small.answerNext(behave(wish));
    const ApiAnswer answer = ask({}, stream);
    QCOMPARE(answer.status, status);
    QVERIFY2(answer.body.contains("\"error\""), answer.body);
    QCOMPARE(asked(m_big), 0);
}

void PoolsFallbackTest::goesDownTheList()
{
    m_small.accept();
    start(R"({ "small" = ["gone", "no-such-model", "big"] })");
    m_small.answerNext(behave("status=500"));
    const ApiAnswer answer = ask();
    QVERIFY2(answer.status == 200, answer.body);
    QCOMPARE(answer.json()[u"model"].toString(), QStringLiteral("big"));
}

void PoolsFallbackTest::mayNameARoute()
{
    m_small.accept();
    start(R"(["big:any"])"); // Two routes serve it.
    m_small.answerNext(behave("status=500"));
    const ApiAnswer answer = ask();
    QVERIFY2(answer.status == 200, answer.body);
    QCOMPARE(answer.json()[u"model"].toString(), QStringLiteral("any"));
    QCOMPARE(asked(m_big), 1);
}

void PoolsFallbackTest::isOnlyWhatTheKeyMayUse()
{
    m_small.accept();
    start(R"({ "small" = ["big"] })", {QStringLiteral("GATEHOUSE_AUTH_MODE=required")});
    const auto key = [this](const QString &models) {
        return m_gatehouse
            ->run({QStringLiteral("key"), QStringLiteral("add"), QStringLiteral("--name"), models,
                   QStringLiteral("--models"), models})
            .out.trimmed();
    };
    const QByteArray narrow = key(QStringLiteral("small"));
    const QByteArray wide = key(QStringLiteral("small,big"));
    QTRY_COMPARE(ask(bearer(narrow)).status, 200); // As soon as it is known.
    m_small.answerNext(behave("status=500"));
    const ApiAnswer refused = ask(bearer(narrow));
    QVERIFY2(refused.status == 502, refused.body);
    QVERIFY2(refused.body.contains("the fake upstream answers 500"), refused.body);
    QCOMPARE(asked(m_big), 0);
    m_small.answerNext(behave("status=500"));
    const ApiAnswer answered = ask(bearer(wide));
    QVERIFY2(answered.status == 200, answered.body);
    QCOMPARE(answered.json()[u"model"].toString(), QStringLiteral("big"));
}

QTEST_GUILESS_MAIN(PoolsFallbackTest)
#include "tst_pools_fallback.moc"
