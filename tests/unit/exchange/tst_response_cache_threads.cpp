// SPDX-License-Identifier: GPL-3.0-or-later
// The response cache as the lanes share it.
#include "base/epoll_dispatcher.h"
#include "exchange/response_cache.h"
#include "unit/exchange/recording_journal.h"

#include <QEventLoop>
#include <QTest>
#include <QThread>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

using namespace gatehouse;

namespace {

constexpr ResponseCache::Limits switchedOn{.enabled = true};

CachedAnswer answerOf(const QByteArray &body)
{
    return {.body = body, .model = "m", .route = "r"};
}

/// Runs a task in several threads, each with an event loop, as the lanes have it, until this dies.
class Threads
{
public:
    Threads(int count, const std::function<void(QObject *context)> &task)
    {
        for (int i = 0; i < count; ++i)
            m_threads.emplace_back([this, task] {
                auto *dispatcher = new EpollDispatcher;
                QThread::currentThread()->setEventDispatcher(dispatcher);
                {
                    const std::lock_guard lock(m_mutex);
                    m_dispatchers.insert(dispatcher);
                }
                QObject context;
                QEventLoop loop;
                task(&context);
                while (!m_isOver)
                    loop.processEvents(QEventLoop::WaitForMoreEvents);
                const std::lock_guard lock(m_mutex);
                m_dispatchers.erase(dispatcher);
            });
    }
    ~Threads()
    {
        m_isOver = true;
        {
            const std::lock_guard lock(m_mutex);
            for (EpollDispatcher *dispatcher : m_dispatchers)
                dispatcher->wakeUp();
        }
        for (std::thread &thread : m_threads)
            thread.join();
    }

private:
    std::atomic<bool> m_isOver = false;
    std::mutex m_mutex; ///< Guards the dispatchers.
    std::set<EpollDispatcher *> m_dispatchers;
    std::vector<std::thread> m_threads;
};

} // namespace

class ResponseCacheThreadsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void askTheModelOnce();
    void passTheDutyOn();
    void comeAndGo();

private:
    StandingClock m_clock;
};

void ResponseCacheThreadsTest::askTheModelOnce()
{
    ResponseCache cache(switchedOn, m_clock);
    std::atomic<int> asked = 0;
    std::atomic<int> answered = 0;
    {
        const Threads threads(4, [&](QObject *context) {
            for (int i = 0; i < 250; ++i) {
                cache.find("q", context, [&, context](ResponseCache::Found found) {
                    if (auto *flight = std::get_if<1>(&found)) {
                        ++asked; // The model takes its time: the answer comes by the event loop.
                        QMetaObject::invokeMethod(
                            context,
                            [it = std::shared_ptr<ResponseCache::Flight>(std::move(*flight))] {
                                it->land(answerOf("b"));
                            },
                            Qt::QueuedConnection);
                    } else if (std::get<CachedAnswerPtr>(found)->body == "b") {
                        ++answered;
                    }
                });
            }
        });
        QTRY_COMPARE(asked + answered, 1000);
    }
    QCOMPARE(asked, 1);
    QCOMPARE(cache.figures().hits, 999);
    QCOMPARE(cache.figures().misses, 1);
}

void ResponseCacheThreadsTest::passTheDutyOn()
{
    constexpr int failures = 100;
    ResponseCache cache(switchedOn, m_clock);
    std::atomic<int> asked = 0;
    std::atomic<int> answered = 0;
    {
        const Threads threads(4, [&](QObject *context) {
            for (int i = 0; i < 100; ++i) {
                cache.find("q", context, [&](ResponseCache::Found found) {
                    auto *flight = std::get_if<1>(&found);
                    if (!flight)
                        ++answered;
                    else if (++asked > failures)
                        (*flight)->land(answerOf("b"));
                });
            }
        });
        QTRY_COMPARE(asked + answered, 400);
    }
    QCOMPARE(asked, failures + 1);
    QCOMPARE(answered, 400 - failures - 1);
}

// Half of those who ask are gone when their turn comes; no duty is lost with them, and nobody is told twice.
void ResponseCacheThreadsTest::comeAndGo()
{
    constexpr int each = 200;
    ResponseCache cache(switchedOn, m_clock);
    std::atomic<int> told = 0;
    {
        const Threads threads(4, [&](QObject *context) {
            for (int i = 0; i < each; ++i) {
                const QByteArray question = QByteArray::number(i % 7);
                auto leaving = std::make_unique<QObject>();
                cache.find(question, leaving.get(), [](ResponseCache::Found) {});
                cache.find(question, context, [&](ResponseCache::Found) { ++told; }); // All fail.
            }
        });
        QTRY_COMPARE(told, 4 * each);
    }
    QCOMPARE(told, 4 * each);
    QCOMPARE(cache.figures().answers, 0);
}

QTEST_GUILESS_MAIN(ResponseCacheThreadsTest)
#include "tst_response_cache_threads.moc"
