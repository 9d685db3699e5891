// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "asker.h"
#include "fakes/fake_upstream.h"
#include "routes_toml.h"

#include <QTest>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using namespace gatehouse;
using fakes::behave;
using fakes::FakeUpstream;

/// Which member of a pool is asked.
class PoolsChoiceTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void givesASlowOneLess();
    void goesByWeight();
    void keepsAConversationWhereItWas();
    void movesOnlyWhatWasThere();
    void keepsASessionWhereItWas();

private:
    void start(const QList<QByteArray> &more = {{}, {}, {}});
    void embedAtOnce(int clients, int requests) const;
    [[nodiscard]] int asked(int upstream) const; ///< How often, for anything but models.
    /// The only one that was asked for what contains this; -1: several, or none.
    [[nodiscard]] int whoSaw(const QByteArray &content) const;
    [[nodiscard]] QList<int> homesOf(int conversations) const;

    std::vector<std::unique_ptr<FakeUpstream>> m_upstreams;
    std::unique_ptr<GatehouseProcess> m_gatehouse;
};

void PoolsChoiceTest::init()
{
    m_gatehouse.reset();
    m_upstreams.clear();
    for (int i = 0; i < 3; ++i)
        m_upstreams.push_back(
            std::make_unique<FakeUpstream>(behave("tokens=2"), FakeUpstream::Runs::InOwnThread));
}

void PoolsChoiceTest::start(const QList<QByteArray> &more)
{
    QList<RouteToml> routes;
    for (qsizetype i = 0; i < more.size(); ++i)
        routes.append({.key = "box" + QByteArray::number(i),
                       .url = m_upstreams[std::size_t(i)]->openAiUrl(),
                       .more = "pool = \"boxes\"\n" + more[i]});
    m_gatehouse =
        std::make_unique<GatehouseProcess>(QStringList(), configArguments(), configFile(configured(routes)));
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
}

void PoolsChoiceTest::embedAtOnce(int clients, int requests) const
{
    std::atomic<int> left = requests;
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i) {
        threads.emplace_back([this, &left] {
            const Asker asker(m_gatehouse->port());
            while (left-- > 0) {
                if (const ToldAnswer told = asker.embed(); !told.isComplete)
                    qWarning("%s", told.mistake.constData());
            }
        });
    }
    for (std::thread &thread : threads)
        thread.join();
}

int PoolsChoiceTest::asked(int upstream) const
{
    const QList<fakes::SeenRequest> requests = m_upstreams[std::size_t(upstream)]->requests();
    return int(std::count_if(requests.begin(), requests.end(),
                             [](const auto &seen) { return seen.request.method == "POST"; }));
}

int PoolsChoiceTest::whoSaw(const QByteArray &content) const
{
    int found = -1;
    for (int i = 0; i < int(m_upstreams.size()); ++i) {
        const QList<fakes::SeenRequest> requests = m_upstreams[std::size_t(i)]->requests();
        const bool saw = std::any_of(requests.begin(), requests.end(), [&content](const auto &seen) {
            return seen.request.body.contains(content);
        });
        if (saw && found >= 0)
            return -1;
        if (saw)
            found = i;
    }
    return found;
}

/// Asks in each conversation three times, in turn.
QList<int> PoolsChoiceTest::homesOf(int conversations) const
{
    for (const auto &upstream : m_upstreams)
        upstream->forget();
    const Asker asker(m_gatehouse->port());
    const auto name = [](int number) {
        return "conversation " + QByteArray::number(number) + '.';
    };
    for (int turn = 0; turn < 3; ++turn) {
        for (int i = 0; i < conversations; ++i) {
            const ToldAnswer told = asker.chat({.content = name(i) +
                                                           R"("},{"role":"assistant","content":"Yes."},)"
                                                           R"({"role":"user","content":"Turn )" +
                                                           QByteArray::number(turn)});
            if (!told.isComplete)
                qWarning("%d %s", told.status, told.mistake.constData());
        }
    }
    QList<int> homes;
    for (int i = 0; i < conversations; ++i)
        homes.append(whoSaw(name(i)));
    return homes;
}

void PoolsChoiceTest::givesASlowOneLess()
{
    m_upstreams[0]->setDefaults(behave("head_delay=200"));
    m_upstreams[1]->setDefaults(behave("head_delay=20"));
    m_upstreams[2]->setDefaults(behave("head_delay=20"));
    start();
    embedAtOnce(9, 180);
    QCOMPARE(asked(0) + asked(1) + asked(2), 180);
    for (const int fast : {1, 2}) {
        const QString figures =
            QStringLiteral("%1 of the slow one, %2 of %3").arg(asked(0)).arg(asked(fast)).arg(fast);
        QVERIFY2(asked(fast) > 2 * asked(0), qPrintable(figures));
    }
}

void PoolsChoiceTest::goesByWeight()
{
    for (const auto &upstream : m_upstreams)
        upstream->setDefaults(behave("head_delay=50"));
    start({"weight = 3", "weight = 1"});
    embedAtOnce(8, 160);
    QCOMPARE(asked(0) + asked(1), 160);
    // Eight at a time: six and two.
    QVERIFY2(asked(0) > 100 && asked(0) < 140, QByteArray::number(asked(0)));
}

void PoolsChoiceTest::keepsAConversationWhereItWas()
{
    start();
    const QList<int> homes = homesOf(30);
    QVERIFY(!homes.contains(-1));
    for (int i = 0; i < 3; ++i)
        QVERIFY2(homes.count(i) >= 3, QByteArray::number(homes.count(i)));
    QCOMPARE(homesOf(30), homes);
}

void PoolsChoiceTest::movesOnlyWhatWasThere()
{
    start();
    const QList<int> homes = homesOf(30);
    m_upstreams[1]->refuse();
    m_upstreams[1]->resetConnections();
    const QList<int> meanwhile = homesOf(30);
    for (qsizetype i = 0; i < homes.size(); ++i) {
        if (homes[i] == 1)
            QVERIFY(meanwhile[i] == 0 || meanwhile[i] == 2);
        else
            QCOMPARE(meanwhile[i], homes[i]);
    }
    m_upstreams[1]->accept();
    QTRY_COMPARE_WITH_TIMEOUT(homesOf(30), homes, 10'000);
}

void PoolsChoiceTest::keepsASessionWhereItWas()
{
    start();
    const Asker asker(m_gatehouse->port());
    for (int session = 0; session < 6; ++session) {
        const QByteArray name = "s" + QByteArray::number(session);
        for (int turn = 0; turn < 4; ++turn) {
            const ToldAnswer told =
                asker.chat({.content = "message " + QByteArray::number(turn) + " of " + name,
                            .headers = "X-Session-Id: " + name + "\r\n"});
            QVERIFY2(told.isComplete, told.mistake);
        }
        QVERIFY2(whoSaw(" of " + name) >= 0, name);
    }
}

QTEST_GUILESS_MAIN(PoolsChoiceTest)
#include "tst_pools_choice.moc"
