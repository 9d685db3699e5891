// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/epoll_dispatcher.h"

#include <QCoreApplication>
#include <QTest>
#include <QTimer>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

/// As QTEST_GUILESS_MAIN, with the whole test, Qt Test's own waiting included, on the epoll dispatcher.
#define GATEHOUSE_DISPATCHER_TEST_MAIN(TestClass)                                                            \
    int main(int argc, char **argv)                                                                          \
    {                                                                                                        \
        QCoreApplication::setEventDispatcher(new gatehouse::EpollDispatcher);                                \
        const QCoreApplication app(argc, argv);                                                              \
        TestClass test;                                                                                      \
        return QTest::qExec(&test, argc, argv);                                                              \
    }

namespace gatehouse::test {

/// Two connected, non-blocking stream sockets, closed at the end.
struct SocketPair
{
    SocketPair()
    {
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
            qFatal("socketpair failed");
    }
    ~SocketPair()
    {
        closeEnd(0);
        closeEnd(1);
    }
    SocketPair(const SocketPair &) = delete;
    SocketPair &operator=(const SocketPair &) = delete;

    void closeEnd(int which)
    {
        if (ends[which] >= 0)
            ::close(ends[which]);
        ends[which] = -1;
    }
    bool send(int which, char byte = 'x') { return ::write(ends[which], &byte, 1) == 1; }
    void drain(int which)
    {
        std::array<char, 256> buffer;
        while (::read(ends[which], buffer.data(), buffer.size()) > 0) {
        }
    }

    std::array<int, 2> ends = {-1, -1};
};

inline QAbstractEventDispatcher *dispatcher()
{
    return QAbstractEventDispatcher::instance();
}

/// Runs a real event loop until the condition holds, asked whenever the loop is about to wait. (QTRY_* sleeps
/// between its looks, so that everything that needs many turns takes ten milliseconds for each.)
template <typename Condition>
bool loopUntil(Condition condition, int timeoutMs = 30'000)
{
    QEventLoop loop;
    QObject::connect(dispatcher(), &QAbstractEventDispatcher::aboutToBlock, &loop, [&] {
        if (condition())
            loop.quit();
    });
    QTimer::singleShot(timeoutMs, &loop, &QEventLoop::quit);
    loop.exec();
    return condition();
}

/// How often the loop turns in `milliseconds`: a few times for an idle one, thousands for one that spins.
inline int turnsWithin(int milliseconds)
{
    int turns = 0;
    const auto connection =
        QObject::connect(dispatcher(), &QAbstractEventDispatcher::awake, [&turns] { ++turns; });
    QEventLoop loop;
    QTimer::singleShot(milliseconds, Qt::PreciseTimer, &loop, &QEventLoop::quit);
    loop.exec();
    QObject::disconnect(connection);
    return turns;
}

constexpr int idleTurns = 10;

} // namespace gatehouse::test
