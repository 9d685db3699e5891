// SPDX-License-Identifier: GPL-3.0-or-later
#include "unit/routing/group_fixture.h"

#include <QTest>
#include <QThread>

#include <array>
#include <atomic>
#include <random>
#include <vector>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr int routes = 3;
constexpr int maxConcurrent = 2;
constexpr RouteGroup::Bounds bounds{.queueLimit = 30}; // Less than all who come.

/// What all lanes see.
struct Counts
{
    std::array<std::atomic<int>, routes> inside = {};
    std::atomic<int> most = 0;
    std::atomic<int> told = 0;
    std::atomic<int> served = 0;
    std::atomic<int> lanesDone = 0;
};

/// A lane's requests: come, wait, leave, are served and end in all ways, as chance has it.
class Lane : public QObject
{
    Q_OBJECT
public:
    Lane(std::shared_ptr<RouteGroup> group, Counts &counts, unsigned seed)
        : m_group(std::move(group))
        , m_counts(counts)
        , m_random(seed)
    {}
    ~Lane() override
    {
        for (auto &request : m_requests)
            end(*request);
    }

    void start() { startTimer(0); }

protected:
    void timerEvent(QTimerEvent *event) override
    {
        constexpr int enough = 500;
        if (m_served < enough)
            return step();
        // Whoever waits still must be served in the end.
        std::erase_if(m_requests, [this](const auto &request) {
            if (request->isTold)
                end(*request);
            return request->isTold;
        });
        if (!m_requests.empty())
            return;
        killTimer(event->timerId());
        ++m_counts.lanesDone;
    }

private:
    struct Request
    {
        std::unique_ptr<Turn> turn;
        Place place;
        bool isTold = false;
    };

    void step()
    {
        constexpr size_t atATime = 12;
        if (m_requests.size() < atATime && m_random() % 3 != 0)
            return begin();
        if (m_requests.empty())
            return;
        const auto chosen = m_requests.begin() + std::ptrdiff_t(m_random() % m_requests.size());
        if (!(*chosen)->isTold && m_random() % 16 != 0)
            return;
        end(**chosen);
        m_requests.erase(chosen);
    }

    void begin()
    {
        static const char *const wishes[] = {"abc", "abc", "ab", "bc", "c"};
        Wish wish = wishFor(wishes[m_random() % 5], QByteArray::number(quint32(m_random() % 100)),
                            QByteArray::number(quint32(m_random() % 5)));
        wish.affinity = m_random() % 4;
        wish.tokens = 1 + qint64(m_random() % 3000);
        m_requests.push_back(std::make_unique<Request>());
        Request &request = *m_requests.back();
        request.turn = std::make_unique<Turn>(m_group, wish);
        request.turn->take([this, &request](Result<Place> result) {
            request.isTold = true;
            ++m_counts.told;
            if (!result)
                return;
            request.place = *std::move(result);
            ++m_served;
            ++m_counts.served;
            const int now = ++insideOf(request);
            for (int most = m_counts.most; now > most && !m_counts.most.compare_exchange_weak(most, now);) {
            }
        });
    }

    void end(Request &request)
    {
        if (!request.place)
            return;
        --insideOf(request);
        switch (m_random() % 64) {
        case 0:
            return request.place.failed(unreachable());
        case 1:
            return request.place.failed(rejected(429));
        case 2:
            return request.place.failed({.code = ErrorCode::UpstreamFailed});
        case 3:
            break;
        default:
            request.place.succeeded();
        }
        request.place = {};
    }

    std::atomic<int> &insideOf(const Request &request)
    {
        return m_counts.inside.at(size_t(request.place.routeKey().at(0) - 'a'));
    }

    std::shared_ptr<RouteGroup> m_group;
    Counts &m_counts;
    std::mt19937 m_random;
    int m_served = 0;
    std::vector<std::unique_ptr<Request>> m_requests;
};

} // namespace

/// A group that several lanes share.
class RouteGroupThreadsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void noRouteGetsMoreThanItMayAndNobodyIsForgotten()
    {
        constexpr int lanes = 4;
        const SystemClock clock;
        const auto group = groupOf(clock, routes, maxConcurrent, bounds);
        Counts counts;
        std::vector<std::unique_ptr<QThread>> threads;
        for (int i = 0; i < lanes; ++i) {
            threads.push_back(std::make_unique<QThread>());
            auto *lane = new Lane(group, counts, unsigned(i));
            lane->moveToThread(threads.back().get());
            connect(threads.back().get(), &QThread::started, lane, &Lane::start);
            connect(threads.back().get(), &QThread::finished, lane, &QObject::deleteLater);
            threads.back()->start();
        }
        int weight = 1;
        const auto allDone = [&] { // Meanwhile, the rest of what a group is asked.
            QList<RouteMember> members;
            for (const char *key : {"a", "b", "c"})
                members.append({.key = key, .weight = weight, .maxConcurrent = maxConcurrent});
            weight = 1 + weight % 5;
            group->configure(members, bounds);
            for (const char *key : {"a", "b", "c"})
                group->probed(key, weight != 3 || *key != 'a');
            (void)group->traffic();
            return counts.lanesDone == lanes;
        };
        QTRY_VERIFY_WITH_TIMEOUT(allDone(), 90'000);
        for (const auto &thread : threads) {
            thread->quit();
            QVERIFY(thread->wait(10'000));
        }
        QCOMPARE(counts.most, maxConcurrent);
        QVERIFY(counts.told > counts.served);
        QCOMPARE(group->waiting(), 0);
        for (const RouteTraffic &traffic : group->traffic())
            QCOMPARE(traffic.outstanding, 0);
    }
};

QTEST_GUILESS_MAIN(RouteGroupThreadsTest)
#include "tst_route_group_threads.moc"
