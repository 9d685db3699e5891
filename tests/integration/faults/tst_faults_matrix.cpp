// SPDX-License-Identifier: GPL-3.0-or-later
#include "fault_matrix.h"

#include <QJsonDocument>
#include <QTest>

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool isSanitized = true;
#else
constexpr bool isSanitized = false;
#endif

namespace {

/// What the healthy answers of the fake say.
QByteArray healthyText(const Fault &fault)
{
    return gatehouse::fakes::behave(fault.wish).text();
}

QByteArray inWords(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

} // namespace

/// Whatever goes wrong with an upstream, its client is told so in its own dialect: one row a fault, a kind of
/// upstream and a way to ask. All are asked first, many at a time.
class FaultsMatrixTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void tellsTheClient_data() { addCells(); }
    void tellsTheClient();
    void isCountedOnce_data() { addCells(); }
    void isCountedOnce();
    void asksTheUpstreamOnce_data() { addCells(); }
    void asksTheUpstreamOnce();
    void leavesNothingBehind();

private:
    void addCells() const;
    [[nodiscard]] const FaultCell &cell() const;
    [[nodiscard]] const FaultMatrix &matrixOf(const FaultCell &cell) const
    {
        return *m_parts.at(static_cast<std::size_t>(cell.number / FaultMatrix::mostCells));
    }

    const QList<FaultCell> m_cells = allCells(smallFaults());
    std::vector<std::unique_ptr<FaultMatrix>> m_parts;
};

void FaultsMatrixTest::initTestCase()
{
    const FaultMatrix::Timeouts timeouts{.read = isSanitized ? 4s : 1s, .total = isSanitized ? 12s : 3s};
    for (qsizetype first = 0; first < m_cells.size(); first += FaultMatrix::mostCells) {
        const QList<FaultCell> cells = m_cells.mid(first, FaultMatrix::mostCells);
        m_parts.push_back(std::make_unique<FaultMatrix>(cells, timeouts));
        FaultMatrix &part = *m_parts.back();
        QVERIFY2(part.start(), qPrintable(part.gatehouse().why()));
        part.ask();
        part.readLedger(cells.size());
    }
}

void FaultsMatrixTest::addCells() const
{
    QTest::addColumn<int>("number");
    for (const FaultCell &each : m_cells)
        QTest::newRow(each.name()) << each.number;
}

const FaultCell &FaultsMatrixTest::cell() const
{
    QFETCH(const int, number);
    return m_cells.at(number);
}

void FaultsMatrixTest::tellsTheClient()
{
    const ToldAnswer &told = matrixOf(cell()).told(cell());
    const ExpectedAnswer expected = cell().expected();
    const Door &door = *cell().door;
    QVERIFY2(told.mistake.isEmpty(), told.mistake);
    if (!door.isSocket())
        QVERIFY2(told.status == expected.status, QByteArray::number(told.status) + ' ' + inWords(told.error));
    QCOMPARE(told.isComplete, expected.isComplete);
    QCOMPARE(told.headers.value("retry-after").toInt(), expected.retryAfter * !door.isSocket());
    const QByteArray text = door.tellsText() ? healthyText(*cell().fault) : QByteArray();
    if (expected.isComplete) {
        QCOMPARE(told.text, text);
        QCOMPARE(told.vectors, door.tellsText() ? 0 : 1);
        QVERIFY2(told.error.isEmpty(), inWords(told.error));
        return;
    }
    QVERIFY2(text.startsWith(told.text), told.text);
    QCOMPARE(!told.text.isEmpty(), expected.hasText);
    QCOMPARE(told.error[u"type"].toString().toUtf8(), expected.type);
    QCOMPARE(told.error[u"code"].toString().toUtf8(), expected.code);
    QCOMPARE(told.error[u"code"].isNull(), expected.code.isEmpty());
    const QByteArray message = told.error[u"message"].toString().toUtf8();
    QVERIFY2(!message.isEmpty() && message.contains(expected.words), message);
    if (door.hasDetail() && !expected.hasText)
        QCOMPARE(told.detail, message);
}

void FaultsMatrixTest::isCountedOnce()
{
    const QList<QJsonObject> rows = matrixOf(cell()).rows(cell());
    const ExpectedAnswer expected = cell().expected();
    QCOMPARE(rows.size(), 1);
    const QByteArray row = inWords(rows.first());
    QVERIFY2(rows.first()[u"status"].toInt() == expected.status, row);
    QVERIFY2(rows.first()[u"error"].toString().toUtf8() == expected.error, row);
}

void FaultsMatrixTest::asksTheUpstreamOnce()
{
    using Shows = Fault::Shows;
    const int seen = matrixOf(cell()).seen(cell());
    // A connection that had waited for its next request may have been closed by its idle timeout: there, the
    // request may be sent again.
    const bool mayBeRepeated = QByteArrayView(cell().fault->name).endsWith("at once");
    QVERIFY2(seen == (cell().fault->shows == Shows::Connecting ? 0 : 1) || (mayBeRepeated && seen == 2),
             QByteArray::number(seen));
}

void FaultsMatrixTest::leavesNothingBehind()
{
    for (const auto &part : m_parts) {
        QTRY_COMPARE_WITH_TIMEOUT(part->upstream().totals().openAnswers, quint64(0), 10'000);
        const qint64 resident = part->gatehouse().residentBytes();
        qInfo("%.1f MiB", double(resident) / (1024 * 1024));
        if (!isSanitized)
            QVERIFY2(resident < 80 * 1024 * 1024, QByteArray::number(resident));
    }
}

QTEST_GUILESS_MAIN(FaultsMatrixTest)
#include "tst_faults_matrix.moc"
