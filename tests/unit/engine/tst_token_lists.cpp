// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/token_lists.h"

#include <QElapsedTimer>
#include <QTest>

using namespace gatehouse;

class TestTokenLists : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsOneList()
    {
        const auto lists = readTokenLists(" [ 1,22 , 333 ] ");
        QVERIFY(lists);
        QCOMPARE(*lists, QList<Tokens>({{1, 22, 333}}));
    }

    void readsLists()
    {
        const auto lists = readTokenLists("[[1,2],\n[],[3]]");
        QVERIFY(lists);
        QCOMPARE(*lists, QList<Tokens>({{1, 2}, {}, {3}}));
    }

    /// An empty list is a text without tokens, which is told to whoever sent it by its place.
    void readsAnEmptyList() { QCOMPARE(*readTokenLists("[]"), QList<Tokens>({{}})); }

    void readsNumbersThatNoModelHas()
    {
        QCOMPARE(*readTokenLists("[-7,2147483647,99999999999999999999]"),
                 QList<Tokens>({{-7, 2147483647, -1}}));
    }

    void refuses_data()
    {
        QTest::addColumn<QByteArray>("json");
        for (const char *json :
             {"",       " ",     "1",       "[",       "]",      "[1",      "[1,",     "[1,]",    "[,1]",
              "[1 2]",  "[1.5]", "[1e3]",   "[\"1\"]", "[true]", "[[1],2]", "[1,[2]]", "[[[1]]]", "[[1]",
              "[[1]]]", "[1]]",  "[1] [2]", "[[1],]",  "[-]",    "{}",      "null"})
            QTest::newRow(json) << QByteArray(json);
    }

    void refuses()
    {
        QFETCH(QByteArray, json);
        const auto lists = readTokenLists(json);
        QVERIFY(!lists);
        QCOMPARE(lists.error().code, ErrorCode::InvalidRequest);
        QCOMPARE(lists.error().param, QByteArray("input"));
    }

    /// Sixteen megabytes, as much as a request may have, are no reason to let others wait.
    void isQuick()
    {
        const QByteArray json = '[' + QByteArray("123456,").repeated(2'400'000) + "1]";
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(readTokenLists(json)->first().size(), std::size_t(2'400'001));
        qInfo("%lld ms", static_cast<long long>(timer.elapsed()));
    }
};

QTEST_GUILESS_MAIN(TestTokenLists)
#include "tst_token_lists.moc"
