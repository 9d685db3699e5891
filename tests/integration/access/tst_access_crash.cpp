// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "../program/raw_client.h"
#include "api_client.h"
#include "fakes/fake_upstream.h"
#include "services/needs_server.h"
#include "services/postgres_server.h"

#include <QHash>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRandomGenerator>
#include <QTest>

#include <atomic>
#include <memory>
#include <thread>

using namespace gatehouse;
using fakes::behave;

namespace {

/// What a client was told to the end.
struct Told
{
    QByteArray requestId;
    qint64 completionTokens = 0;
};

const QByteArray usageWanted = ",\"stream_options\":{\"include_usage\":true}";

/// Chats until the server is gone; only answers that came whole count.
QList<Told> chatOn(const ApiClient &client, quint16 port, const std::atomic<bool> &stop)
{
    QList<Told> told;
    for (int i = 0; !stop; ++i) {
        const bool stream = i % 2 == 0;
        RawClient connection(port);
        if (!connection.send(client.chatRequest(stream, stream ? usageWanted : QByteArray())))
            break;
        if (!connection.readUntilClosed(5000))
            break;
        const QByteArray &answer = connection.received();
        const qsizetype id = answer.toLower().indexOf("x-request-id: ");
        const qsizetype tokens = answer.lastIndexOf(R"("completion_tokens":)");
        const bool isWhole = stream ? answer.contains("data: [DONE]\n\n") : answer.endsWith('}');
        if (id < 0 || tokens < 0 || !isWhole)
            break;
        told.append({.requestId = answer.mid(id + 14, answer.indexOf("\r\n", id) - id - 14),
                     .completionTokens =
                         answer.mid(tokens + 20, answer.indexOf(',', tokens) - tokens - 20).toLongLong()});
    }
    return told;
}

} // namespace

/// kill -9 at any moment: what clients were told is in the ledger, once, and nothing stays reserved.
class AccessCrashTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void losesNothingThatWasTold_data();
    void losesNothingThatWasTold();

private:
    [[nodiscard]] static QHash<QByteArray, qint64> ledgerOf(const ApiClient &admin, bool *hasDuplicates);

    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    services::PostgresServer m_postgres;
};

void AccessCrashTest::losesNothingThatWasTold_data()
{
    QTest::addColumn<bool>("onPostgres");
    QTest::newRow("SQLite") << false;
    QTest::newRow("PostgreSQL") << true;
}

void AccessCrashTest::losesNothingThatWasTold()
{
    QFETCH(const bool, onPostgres);
    QStringList environment{QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString(),
                            QStringLiteral("GATEHOUSE_AUTH_MODE=required"),
                            QStringLiteral("GATEHOUSE_SERVER_LANES=4")};
    if (onPostgres) {
        GATEHOUSE_NEEDS_SERVER(PostgresServer);
        QVERIFY2(m_postgres.start(), qPrintable(m_postgres.log()));
        environment << QStringLiteral("DATABASE_URL=") + m_postgres.makeDatabase();
    }
    const int asked = qEnvironmentVariableIntValue("GATEHOUSE_KILLS");
    const int rounds = asked > 0 ? asked : 12;
    constexpr int clients = 4;
    GatehouseProcess gatehouse(environment);
    const QByteArray adminKey = gatehouse.makeAdminKey();
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiAnswer made = ApiClient(gatehouse.port(), bearer(adminKey))
                               .post("/api/keys", R"({"name":"k","max_concurrent":4,"tpm":100000000})");
    const QByteArray key = made.json()[u"key"].toString().toUtf8();

    QHash<QByteArray, qint64> told;
    QRandomGenerator random(static_cast<quint32>(rounds));
    m_upstream.setDefaults(behave("tokens=12,interval=0.2"));
    for (int round = 0; round < rounds; ++round) {
        std::atomic<bool> stop = false;
        std::vector<QList<Told>> heard(clients);
        std::vector<std::thread> threads;
        for (QList<Told> &list : heard) {
            threads.emplace_back([&list, &stop, key, port = gatehouse.port()] {
                list = chatOn(ApiClient(port, bearer(key)), port, stop);
            });
        }
        const quint64 enough = m_upstream.totals().requests + 4 + random.bounded(60);
        QVERIFY(QTest::qWaitFor([&] { return m_upstream.totals().requests >= enough; }, 20'000));
        gatehouse.kill();
        stop = true;
        for (std::thread &thread : threads)
            thread.join();
        for (const QList<Told> &list : heard) {
            for (const Told &one : list)
                told.insert(one.requestId, one.completionTokens);
        }
        QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    }
    QVERIFY2(told.size() > rounds, qPrintable(QString::number(told.size())));

    const ApiClient admin(gatehouse.port(), bearer(adminKey));
    bool hasDuplicates = false;
    const QHash<QByteArray, qint64> ledger = ledgerOf(admin, &hasDuplicates);
    QVERIFY(!hasDuplicates);
    for (auto it = told.begin(); it != told.end(); ++it) {
        QVERIFY2(ledger.contains(it.key()), it.key().constData());
        QCOMPARE(ledger.value(it.key()), it.value());
    }
    // The roll-ups tell the same as the rows.
    const QJsonObject stats = admin.get("/api/stats?key_id=" + made.json()[u"id"].toString().toUtf8()).json();
    qint64 tokens = 0;
    for (const qint64 count : ledger)
        tokens += count;
    QCOMPARE(stats[u"completion_tokens"].toInteger(), tokens);
    QCOMPARE(stats[u"requests"].toInteger(), ledger.size());

    // All places are free.
    m_upstream.setDefaults(behave("tokens=4,fault=stall@2"));
    std::vector<std::unique_ptr<RawClient>> held;
    for (int i = 0; i < 4; ++i) {
        held.push_back(std::make_unique<RawClient>(gatehouse.port()));
        QVERIFY(held.back()->send(ApiClient(0, bearer(key)).chatRequest(true)));
        QVERIFY2(held.back()->readUntil("w1 "), held.back()->received().constData());
    }
    QCOMPARE(ApiClient(gatehouse.port(), bearer(key)).chat().status, 429);
}

QHash<QByteArray, qint64> AccessCrashTest::ledgerOf(const ApiClient &admin, bool *hasDuplicates)
{
    QHash<QByteArray, qint64> ledger;
    QByteArray before;
    for (bool more = true; more;) {
        const QJsonObject page =
            admin.get("/api/requests?limit=1000&endpoint=%2Fv1%2Fchat%2Fcompletions" + before).json();
        for (const QJsonValue &value : page[u"data"].toArray()) {
            const QByteArray id = value[u"request_id"].toString().toUtf8();
            *hasDuplicates = *hasDuplicates || ledger.contains(id);
            ledger.insert(id, value[u"completion_tokens"].toInteger());
        }
        more = page[u"has_more"].toBool();
        before = "&before=" + QByteArray::number(page[u"next_before"].toInteger());
    }
    return ledger;
}

QTEST_GUILESS_MAIN(AccessCrashTest)
#include "tst_access_crash.moc"
