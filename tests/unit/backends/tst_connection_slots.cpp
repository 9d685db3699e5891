// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/connection_slots.h"

#include <QTest>

#include <optional>

using namespace gatehouse;

class TestConnectionSlots : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void numbersAreHeldByOneAtATime();
    void theLastOneBackIsTheFirstOneOut();
    void originsCountSeparately();
    void leasesOutliveTheirSlots();
};

void TestConnectionSlots::numbersAreHeldByOneAtATime()
{
    ConnectionSlots slots_;
    ConnectionSlots::Lease a = slots_.lease("o");
    ConnectionSlots::Lease b = slots_.lease("o");
    QCOMPARE(a.number(), 0);
    QCOMPARE(b.number(), 1);
    a.release();
    a.release(); // Gives it back once only.
    const ConnectionSlots::Lease c = slots_.lease("o");
    const ConnectionSlots::Lease d = slots_.lease("o");
    QCOMPARE(c.number(), 0);
    QCOMPARE(d.number(), 2);
}

void TestConnectionSlots::theLastOneBackIsTheFirstOneOut()
{
    ConnectionSlots slots_;
    std::optional<ConnectionSlots::Lease> a(slots_.lease("o"));
    std::optional<ConnectionSlots::Lease> b(slots_.lease("o"));
    b.reset();
    a.reset();
    QCOMPARE(slots_.lease("o").number(), 0);
    ConnectionSlots::Lease moved = slots_.lease("o");
    moved = slots_.lease("o"); // What it held before is free again.
    QCOMPARE(moved.number(), 1);
    QCOMPARE(slots_.lease("o").number(), 0);
}

void TestConnectionSlots::originsCountSeparately()
{
    ConnectionSlots slots_;
    const ConnectionSlots::Lease a = slots_.lease("http://a:1");
    const ConnectionSlots::Lease b = slots_.lease("http://a:2");
    QCOMPARE(a.number(), 0);
    QCOMPARE(b.number(), 0);
}

void TestConnectionSlots::leasesOutliveTheirSlots()
{
    std::optional<ConnectionSlots> slots_(std::in_place);
    ConnectionSlots::Lease lease = slots_->lease("o");
    slots_.reset();
    lease.release();
    QCOMPARE(lease.number(), 0);
}

QTEST_APPLESS_MAIN(TestConnectionSlots)
#include "tst_connection_slots.moc"
