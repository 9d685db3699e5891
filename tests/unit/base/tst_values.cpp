// SPDX-License-Identifier: GPL-3.0-or-later
// The small values of the room: Result, Error, Secret, ids.
#include "base/error.h"
#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"

#include <QSet>
#include <QTest>

#include <memory>
#include <type_traits>

using namespace gatehouse;

class TestValues : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void resultHoldsOneOfTwo();
    void resultMovesItsValue();
    void resultChains();
    void resultWithoutValue();
    void everyErrorCodeHasItsName();
    void secretMatches();
    void secretHasNoWayToText();
    void idsAreFresh();
    void saneRequestIds_data();
    void saneRequestIds();
};

void TestValues::resultHoldsOneOfTwo()
{
    const Result<int> value = 7;
    QVERIFY(value);
    QVERIFY(value.has_value());
    QCOMPARE(*value, 7);
    QCOMPARE(value.value_or(1), 7);

    const Result<int> failed = Error{ErrorCode::NotFound, QStringLiteral("no such thing")};
    QVERIFY(!failed);
    QCOMPARE(failed.error().code, ErrorCode::NotFound);
    QCOMPARE(failed.error().message, QStringLiteral("no such thing"));
    QCOMPARE(failed.value_or(1), 1);
}

void TestValues::resultMovesItsValue()
{
    Result<std::unique_ptr<int>> owner = std::make_unique<int>(3);
    QCOMPARE(**owner, 3);
    const std::unique_ptr<int> taken = *std::move(owner);
    QCOMPARE(*taken, 3);
    Result<QByteArray> bytes = QByteArray("abc");
    QCOMPARE(bytes->size(), 3);
}

void TestValues::resultChains()
{
    const auto half = [](int n) -> Result<int> {
        if (n % 2)
            return Error{ErrorCode::InvalidRequest, QStringLiteral("odd")};
        return n / 2;
    };
    QCOMPARE(*Result<int>(8).and_then(half).and_then(half), 2);
    int calls = 0;
    const auto counted = [&calls](int n) -> Result<QByteArray> {
        ++calls;
        return QByteArray::number(n);
    };
    const Result<QByteArray> failed = Result<int>(6).and_then(half).and_then(half).and_then(counted);
    QVERIFY(!failed);
    QCOMPARE(failed.error().message, QStringLiteral("odd"));
    QCOMPARE(calls, 0);
}

void TestValues::resultWithoutValue()
{
    const Result<void> done;
    QVERIFY(done);
    const Result<void> failed = Error{ErrorCode::Overloaded, {}};
    QVERIFY(!failed);
    QCOMPARE(failed.error().code, ErrorCode::Overloaded);
}

void TestValues::everyErrorCodeHasItsName()
{
    QSet<QByteArray> names;
    const int last = static_cast<int>(ErrorCode::Internal);
    for (int code = 0; code <= last; ++code) {
        const QByteArray name = errorCodeName(static_cast<ErrorCode>(code));
        QVERIFY(!name.isEmpty() && name == name.toLower());
        names.insert(name);
    }
    QCOMPARE(names.size(), last + 1);
    QCOMPARE(errorCodeName(ErrorCode::ModelNotFound), "model_not_found");
}

void TestValues::secretMatches()
{
    const Secret secret(QByteArray("gh_abc"));
    QVERIFY(secret.matches("gh_abc"));
    QVERIFY(!secret.matches("gh_abd"));
    QVERIFY(!secret.matches("Gh_abc"));
    QVERIFY(!secret.matches("gh_ab"));
    QVERIFY(!secret.matches("gh_abcd"));
    QVERIFY(!secret.matches("gh_abcgh_abc"));
    QVERIFY(!secret.matches(""));
    QVERIFY(Secret().matches(""));
    QVERIFY(Secret().isEmpty());
    QVERIFY(!Secret().matches(QByteArrayView("\0", 1)));
    QVERIFY(secret == Secret(QByteArray("gh_abc")));
    QVERIFY(!(secret == Secret()));
    QCOMPARE(secret.reveal(), "gh_abc");
}

void TestValues::secretHasNoWayToText()
{
    QVERIFY((!std::is_convertible_v<Secret, QByteArray> && !std::is_convertible_v<Secret, QString>));
    QVERIFY((!std::is_constructible_v<QByteArray, Secret> && !std::is_constructible_v<QString, Secret>));
    QVERIFY((!std::is_convertible_v<QByteArray, Secret>)); // A value becomes one only where that is written.
}

void TestValues::idsAreFresh()
{
    QSet<QByteArray> seen;
    for (int i = 0; i < 1000; ++i) {
        const QByteArray id = makeId("req_");
        QCOMPARE(id.size(), 4 + 22);
        QVERIFY(id.startsWith("req_"));
        QVERIFY(isSaneRequestId(id));
        seen.insert(id);
    }
    QCOMPARE(seen.size(), 1000);
    QCOMPARE(makeId("").size(), 22);
}

void TestValues::saneRequestIds_data()
{
    QTest::addColumn<QByteArray>("id");
    QTest::addColumn<bool>("sane");
    QTest::newRow("uuid") << QByteArray("0f8fad5b-d9cb-469f-a165-70867728950e") << true;
    QTest::newRow("punctuation") << QByteArray("a._:/+=@-Z9") << true;
    QTest::newRow("128") << QByteArray(128, 'a') << true;
    QTest::newRow("129") << QByteArray(129, 'a') << false;
    QTest::newRow("empty") << QByteArray() << false;
    QTest::newRow("space") << QByteArray("a b") << false;
    QTest::newRow("line end") << QByteArray("a\r\nb") << false;
    QTest::newRow("NUL") << QByteArray("a\0b", 3) << false;
    QTest::newRow("quote") << QByteArray("a\"b") << false;
    QTest::newRow("UTF-8") << QByteArray("gr\xc3\xbc") << false;
}

void TestValues::saneRequestIds()
{
    QFETCH(QByteArray, id);
    QTEST(isSaneRequestId(id), "sane");
}

QTEST_GUILESS_MAIN(TestValues)
#include "tst_values.moc"
