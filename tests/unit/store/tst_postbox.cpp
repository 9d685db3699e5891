// SPDX-License-Identifier: GPL-3.0-or-later
// Calls from other threads that reach their object in its thread, or nobody.
#include "store/postbox.h"

#include <QTest>
#include <QThread>

#include <atomic>
#include <thread>

using namespace gatehouse;

class TestPostbox : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void callsInTheObjectsThread();
    void dropsWhatIsForTheDead();
    void leavesNoConnectionBehind();
    void survivesObjectsThatDieAtTheSameTime();
};

namespace {

/// Counts who listens to its end.
class Watched : public QObject
{
public:
    [[nodiscard]] int listeners() const { return receivers(SIGNAL(destroyed(QObject *))); }
};

} // namespace

void TestPostbox::callsInTheObjectsThread()
{
    QObject context;
    QThread *calledIn = nullptr;
    const Postbox postbox(&context);
    std::thread([&] { postbox.post([&] { calledIn = QThread::currentThread(); }); }).join();
    QVERIFY(!calledIn);
    QTRY_VERIFY(calledIn);
    QCOMPARE(calledIn, QThread::currentThread());
}

void TestPostbox::dropsWhatIsForTheDead()
{
    int calls = 0;
    auto context = std::make_unique<QObject>();
    const Postbox postbox(context.get());
    postbox.post([&] { ++calls; });
    context.reset();
    postbox.post([&] { ++calls; });
    Postbox(nullptr).post([&] { ++calls; });
    QCoreApplication::processEvents();
    QCOMPARE(calls, 0);
}

void TestPostbox::leavesNoConnectionBehind()
{
    Watched context;
    for (int i = 0; i < 3; ++i) {
        const Postbox postbox(&context);
        const Postbox copy = postbox;
        QCOMPARE(context.listeners(), 1);
    }
    QCOMPARE(context.listeners(), 0);
}

void TestPostbox::survivesObjectsThatDieAtTheSameTime()
{
    std::atomic<int> calls = 0;
    for (int round = 0; round < 300; ++round) {
        auto context = std::make_unique<QObject>();
        std::atomic<bool> isOff = false;
        std::thread poster([&, postbox = Postbox(context.get())] {
            isOff = true;
            for (int i = 0; i < 20; ++i)
                postbox.post([&] { ++calls; });
        });
        while (!isOff)
            std::this_thread::yield();
        context.reset();
        poster.join();
        QCoreApplication::processEvents();
    }
    QCOMPARE(calls.load(), 0);
}

QTEST_GUILESS_MAIN(TestPostbox)
#include "tst_postbox.moc"
