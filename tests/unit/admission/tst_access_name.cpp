// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/access_name.h"

#include <QTest>

using namespace gatehouse;

class AccessNameTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void keepsNames_data();
    void keepsNames();
    void refusesOthers_data();
    void refusesOthers();
};

void AccessNameTest::keepsNames_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("kept");
    QTest::newRow("plain") << QStringLiteral("kiosk 1") << QStringLiteral("kiosk 1");
    QTest::newRow("spaces around") << QStringLiteral(" kiosk\t\n") << QStringLiteral("kiosk");
    QTest::newRow("other scripts") << QStringLiteral("Zoë 王 🦊") << QStringLiteral("Zoë 王 🦊");
    QTest::newRow("longest") << QString(100, QChar(u'x')) << QString(100, QChar(u'x'));
}

void AccessNameTest::keepsNames()
{
    QFETCH(QString, name);
    QFETCH(QString, kept);
    const Result<QString> checked = checkAccessName(name, "name");
    QVERIFY(checked);
    QCOMPARE(*checked, kept);
}

void AccessNameTest::refusesOthers_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("empty") << QString();
    QTest::newRow("spaces") << QStringLiteral("  \t ");
    QTest::newRow("too long") << QString(101, QChar(u'x'));
    for (const ushort c : {0x0, 0x7, 0x9, 0xa, 0xd, 0x1b, 0x7f, 0x85, 0x200b, 0x202e, 0x2028, 0x2029, 0x2066,
                           0xfeff, 0xd800, 0xdc00})
        QTest::addRow("U+%04x", c) << QStringLiteral("a") + QChar(c) + QStringLiteral("b");
}

void AccessNameTest::refusesOthers()
{
    QFETCH(QString, name);
    const Result<QString> checked = checkAccessName(name, "username");
    QVERIFY(!checked);
    QCOMPARE(checked.error().code, ErrorCode::InvalidRequest);
    QCOMPARE(checked.error().param, QByteArray("username"));
}

QTEST_GUILESS_MAIN(AccessNameTest)
#include "tst_access_name.moc"
