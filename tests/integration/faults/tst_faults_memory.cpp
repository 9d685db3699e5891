// SPDX-License-Identifier: GPL-3.0-or-later
#include "fault_matrix.h"

#include <QFile>
#include <QJsonDocument>
#include <QTest>

using namespace std::chrono_literals;

namespace {

constexpr double mebibyte = 1024 * 1024;

/// Forgets how much memory the process has ever had (proc(5), clear_refs).
bool forgetPeak(qint64 process)
{
    QFile file(QStringLiteral("/proc/%1/clear_refs").arg(process));
    return file.open(QIODevice::WriteOnly) && file.write("5") == 1;
}

/// The most that it has had since, in bytes; 0: nobody knows.
qint64 peakOf(qint64 process)
{
    QFile file(QStringLiteral("/proc/%1/status").arg(process));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    for (const QByteArray &line : file.readAll().split('\n')) {
        if (line.startsWith("VmHWM:"))
            return line.sliced(6).trimmed().split(' ').first().toLongLong() * 1024;
    }
    return 0;
}

bool isMeasurable()
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false; // A sanitizer's shadow is no memory of ours.
#else
    return true;
#endif
}

} // namespace

/// However much an upstream sends, memory is bounded, and the client is told what became of it.
class FaultsMemoryTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void isBounded_data();
    void isBounded();
    void isCountedOnce();

private:
    const QList<FaultCell> m_cells = allCells(largeFaults(), fewDoors());
    FaultMatrix m_matrix{m_cells, {.read = 10s, .total = 60s}};
    qint64 m_residentBefore = 0;
};

void FaultsMemoryTest::initTestCase()
{
    QVERIFY2(m_matrix.start(), qPrintable(m_matrix.gatehouse().why()));
    m_residentBefore = m_matrix.gatehouse().residentBytes();
}

void FaultsMemoryTest::isBounded_data()
{
    QTest::addColumn<int>("number");
    for (const FaultCell &each : m_cells)
        QTest::newRow(each.name()) << each.number;
}

void FaultsMemoryTest::isBounded()
{
    QFETCH(const int, number);
    const FaultCell &cell = m_cells.at(number);
    const ExpectedAnswer expected = cell.expected();
    const qint64 process = m_matrix.gatehouse().process().processId();
    const bool isKnown = forgetPeak(process) && isMeasurable();
    const ToldAnswer told = m_matrix.ask(cell);
    const double peak = double(peakOf(process) - m_residentBefore) / mebibyte;
    qInfo("%.1f MiB", peak);
    QVERIFY2(told.mistake.isEmpty(), told.mistake);
    const QByteArray error = QJsonDocument(told.error).toJson(QJsonDocument::Compact);
    if (!cell.door->isSocket())
        QVERIFY2(told.status == expected.status, QByteArray::number(told.status) + ' ' + error);
    QVERIFY2(told.isComplete == expected.isComplete, error);
    QCOMPARE(!told.text.isEmpty(), expected.hasText && cell.door->tellsText());
    QCOMPARE(told.error[u"code"].toString().toUtf8(), expected.code);
    // An answer in one piece may have 64 MiB, which are copied as they grow.
    constexpr double bound = 256;
    if (isKnown)
        QVERIFY2(peak < bound, QByteArray::number(peak));
    QTRY_COMPARE(m_matrix.upstream().totals().openAnswers, quint64(0));
}

void FaultsMemoryTest::isCountedOnce()
{
    m_matrix.readLedger(m_cells.size());
    for (const FaultCell &cell : m_cells)
        QVERIFY2(m_matrix.rows(cell).size() == 1, cell.name());
    const double left = double(m_matrix.gatehouse().residentBytes() - m_residentBefore) / mebibyte;
    qInfo("%.1f MiB left", left);
    if (isMeasurable()) // The allocator keeps some of what it was given back.
        QVERIFY2(left < 96, QByteArray::number(left));
}

QTEST_GUILESS_MAIN(FaultsMemoryTest)
#include "tst_faults_memory.moc"
