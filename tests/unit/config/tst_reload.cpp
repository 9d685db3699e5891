// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings_change.h"
#include "unit/config/config_fixture.h"

#include <QTest>

using namespace gatehouse;

class ReloadTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void sameSettingsChangeNothing();
    void liveAndRestart();
    void secretsAreCompared();
    void routesComeAndGo();
};

void ReloadTest::sameSettingsChangeNothing()
{
    ConfigFixture fixture;
    fixture.writeDotEnv("API_KEY=k\nMODEL_ROUTE_A=http://a/v1\nGEMMA_MODEL_TEMPERATURE=0.5");
    const SettingsChange change = changeBetween(*fixture.load().settings, *fixture.load().settings);
    QCOMPARE(change.live, QStringList());
    QCOMPARE(change.restart, QStringList());
}

void ReloadTest::liveAndRestart()
{
    Settings before;
    Settings after = before;
    after.server.port = 1;
    after.server.heartbeat = std::chrono::milliseconds(1);
    after.auth.mode = AuthMode::Off;
    after.model.temperature = 0.1;
    const SettingsChange change = changeBetween(before, after);
    QCOMPARE(change.live,
             (QStringList{QStringLiteral("server.heartbeat_seconds"), QStringLiteral("auth.mode")}));
    QCOMPARE(change.restart,
             (QStringList{QStringLiteral("server.port"), QStringLiteral("model.temperature")}));
}

void ReloadTest::secretsAreCompared()
{
    Settings before;
    before.auth.apiKey = Secret("a");
    Settings after;
    after.auth.apiKey = Secret("b");
    QCOMPARE(changeBetween(before, after).live, QStringList{QStringLiteral("auth.api_key")});
}

void ReloadTest::routesComeAndGo()
{
    const auto withRoutes = [](const QByteArray &lines) {
        ConfigFixture fixture;
        fixture.writeDotEnv(lines);
        return fixture.load().settings;
    };
    const SettingsPtr before = withRoutes("MODEL_ROUTE_A=http://a/v1\nMODEL_ROUTE_B=http://b/v1");
    const SettingsPtr after = withRoutes("MODEL_ROUTE_A=http://z/v1\nMODEL_ROUTE_C=http://c/v1");
    QCOMPARE(changeBetween(*before, *after).restart,
             (QStringList{QStringLiteral("routes.a.url"), QStringLiteral("routes.c"),
                          QStringLiteral("routes.b")}));
}

QTEST_GUILESS_MAIN(ReloadTest)
#include "tst_reload.moc"
