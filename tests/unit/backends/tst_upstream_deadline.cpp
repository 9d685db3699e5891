// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/upstream_deadline.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr MonotonicTime start{std::chrono::hours(1)};

UpstreamTimeouts timeouts()
{
    return {.connect = 5s, .read = 60s, .write = 30s, .total = 120s};
}

UpstreamDeadline waiting(bool streaming, const UpstreamTimeouts &limits = timeouts())
{
    UpstreamDeadline deadline(limits, streaming, start);
    deadline.connected(start + 1s);
    deadline.wrote(true, start + 2s);
    return deadline;
}

} // namespace

class TestUpstreamDeadline : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void connecting();
    void writing();
    void totalBoundsTheFirstByte();
    void firstByteBoundsAStreamsBeginning();
    void readBoundsEachSilence();
    void totalBoundsAFoldedAnswer();
    void totalBoundsAStreamWhenWrittenDown();
    void pauseIsNotSilence();
    void zeroIsNoBound();
    void hugeBoundsDoNotOverflow();
};

void TestUpstreamDeadline::connecting()
{
    const UpstreamDeadline deadline(timeouts(), true, start);
    QVERIFY(deadline.next() == start + 5s);
    QVERIFY(!deadline.overdue(start + 4'999ms));
    const auto error = deadline.overdue(start + 5s);
    QVERIFY(error);
    QCOMPARE(error->code, ErrorCode::UpstreamTimeout);
    QCOMPARE(error->message, QStringLiteral("The upstream could not be connected to within 5 s"));
}

void TestUpstreamDeadline::writing()
{
    UpstreamDeadline deadline(timeouts(), true, start);
    deadline.connected(start + 1s);
    QVERIFY(deadline.next() == start + 31s);
    deadline.wrote(false, start + 20s);
    QVERIFY(deadline.next() == start + 50s);
    QCOMPARE(deadline.overdue(start + 50s)->message,
             QStringLiteral("The upstream took nothing of the request for 30 s"));
    deadline.connected(start + 45s); // Told once more by a resent head: changes nothing.
    QVERIFY(deadline.next() == start + 50s);
}

void TestUpstreamDeadline::totalBoundsTheFirstByte()
{
    const UpstreamDeadline deadline = waiting(true);
    QVERIFY(deadline.next() == start + 120s);
    QCOMPARE(deadline.overdue(start + 120s)->message,
             QStringLiteral("The upstream did not begin to answer within 120 s"));
}

void TestUpstreamDeadline::firstByteBoundsAStreamsBeginning()
{
    UpstreamTimeouts limits = timeouts();
    limits.firstByte = 10s;
    UpstreamDeadline deadline = waiting(true, limits);
    QVERIFY(deadline.next() == start + 12s); // From the end of the request.
    const auto error = deadline.overdue(start + 12s);
    QVERIFY(error);
    QCOMPARE(error->code, ErrorCode::UpstreamTimeout);
    QCOMPARE(error->message, QStringLiteral("The upstream did not begin to answer within 10 s"));
    deadline.received(start + 11s);
    QVERIFY(deadline.next() == start + 71s);
    // A folded answer comes when all of it was computed.
    QVERIFY(waiting(false, limits).next() == start + 120s);
}

void TestUpstreamDeadline::readBoundsEachSilence()
{
    UpstreamDeadline deadline = waiting(true);
    deadline.received(start + 100s);
    QVERIFY(deadline.next() == start + 160s);
    deadline.received(start + 150s);
    QVERIFY(deadline.next() == start + 210s);
    QCOMPARE(deadline.overdue(start + 210s)->message,
             QStringLiteral("The upstream was silent for 60 s in the middle of its answer"));
}

void TestUpstreamDeadline::totalBoundsAFoldedAnswer()
{
    UpstreamDeadline deadline = waiting(false);
    deadline.received(start + 100s);
    QVERIFY(deadline.next() == start + 120s);
    QCOMPARE(deadline.overdue(start + 120s)->message,
             QStringLiteral("The upstream's answer was not complete within 120 s"));
}

void TestUpstreamDeadline::totalBoundsAStreamWhenWrittenDown()
{
    UpstreamTimeouts limits = timeouts();
    limits.totalBoundsStreams = true;
    UpstreamDeadline deadline = waiting(true, limits);
    deadline.received(start + 100s);
    QVERIFY(deadline.next() == start + 120s);
}

void TestUpstreamDeadline::pauseIsNotSilence()
{
    UpstreamDeadline deadline = waiting(true);
    deadline.received(start + 10s);
    deadline.paused();
    QVERIFY(deadline.next() == MonotonicTime::max());
    QVERIFY(!deadline.overdue(start + 1h));
    deadline.resumed(start + 1h);
    QVERIFY(deadline.next() == start + 1h + 60s);
}

void TestUpstreamDeadline::zeroIsNoBound()
{
    UpstreamDeadline deadline({.connect = 0s, .read = 0s, .write = 0s, .total = 0s}, false, start);
    QVERIFY(deadline.next() == MonotonicTime::max());
    deadline.connected(start);
    QVERIFY(deadline.next() == MonotonicTime::max());
    deadline.received(start);
    QVERIFY(deadline.next() == MonotonicTime::max());
}

void TestUpstreamDeadline::hugeBoundsDoNotOverflow()
{
    UpstreamTimeouts limits = timeouts();
    limits.connect = std::chrono::milliseconds::max();
    const UpstreamDeadline deadline(limits, true, start);
    QVERIFY(deadline.next() == start + 120s);
}

QTEST_APPLESS_MAIN(TestUpstreamDeadline)
#include "tst_upstream_deadline.moc"
