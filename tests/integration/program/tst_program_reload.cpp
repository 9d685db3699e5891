// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/fake_upstream.h"
#include "gatehouse_process.h"
#include "raw_client.h"

#include <QFile>
#include <QTest>

#include <csignal>

using namespace gatehouse;
using fakes::behave;

/// SIGHUP or a saved file: what can change changes, without dropping a stream; a bad file changes nothing.
class ProgramReloadTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void takesANewKeyWhileAStreamRuns();
    void noticesASavedFile();
    void keepsOldSettingsWhenTheFileIsBad();

private:
    [[nodiscard]] static int statusWithKey(const GatehouseProcess &gatehouse, const QByteArray &key);
    static void write(const GatehouseProcess &gatehouse, const QByteArray &content);

    fakes::FakeUpstream m_upstream{behave("tokens=100,interval=5"), fakes::FakeUpstream::Runs::InOwnThread};
    QString m_route = QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString();
};

int ProgramReloadTest::statusWithKey(const GatehouseProcess &gatehouse, const QByteArray &key)
{
    RawClient client(gatehouse.port());
    client.send("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + key + "\r\n\r\n");
    client.readUntil("\r\n");
    return client.received().mid(9, 3).toInt();
}

void ProgramReloadTest::write(const GatehouseProcess &gatehouse, const QByteArray &content)
{
    QFile file(gatehouse.folder() + QStringLiteral("/.env"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(content);
}

void ProgramReloadTest::takesANewKeyWhileAStreamRuns()
{
    GatehouseProcess gatehouse({m_route}, {}, {{QStringLiteral(".env"), "API_KEY=first-key\n"}});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient running(gatehouse.port());
    QVERIFY(running.send(
        RawClient::post("/v1/chat/completions",
                        R"({"model":"fake","stream":true,"messages":[{"role":"user","content":"Hello!"}]})",
                        "Authorization: Bearer first-key\r\n")));
    QVERIFY(running.readUntil("w2 "));
    write(gatehouse, "API_KEY=second-key\n");
    gatehouse.signal(SIGHUP);
    QTRY_COMPARE(statusWithKey(gatehouse, "second-key"), 200);
    QCOMPARE(statusWithKey(gatehouse, "first-key"), 401);
    QVERIFY(running.readUntil("data: [DONE]"));
}

void ProgramReloadTest::noticesASavedFile()
{
    GatehouseProcess gatehouse({m_route}, {}, {{QStringLiteral(".env"), "API_KEY=first-key\n"}});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    write(gatehouse, "API_KEY=a-longer-second-key\n");
    QTRY_COMPARE(statusWithKey(gatehouse, "a-longer-second-key"), 200);
}

void ProgramReloadTest::keepsOldSettingsWhenTheFileIsBad()
{
    GatehouseProcess gatehouse({m_route}, {}, {{QStringLiteral(".env"), "API_KEY=first-key\n"}});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    write(gatehouse, "API_KEY=second-key\nGATEHOUSE_SERVER_PORT=many\n");
    gatehouse.signal(SIGHUP);
    QTRY_VERIFY(gatehouse.why().contains(QStringLiteral("settings not reloaded")));
    QCOMPARE(statusWithKey(gatehouse, "first-key"), 200);
    QCOMPARE(statusWithKey(gatehouse, "second-key"), 401);
}

QTEST_GUILESS_MAIN(ProgramReloadTest)
#include "tst_program_reload.moc"
