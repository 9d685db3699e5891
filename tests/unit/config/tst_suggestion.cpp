// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/suggestion.h"

#include <QTest>

using namespace gatehouse;

class SuggestionTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void distances_data();
    void distances();
    void suggestions_data();
    void suggestions();
};

void SuggestionTest::distances_data()
{
    QTest::addColumn<QString>("a");
    QTest::addColumn<QString>("b");
    QTest::addColumn<int>("distance");
    const auto row = [](const char *a, const char *b, int distance) {
        QTest::addRow("%s/%s", a, b) << QString::fromLatin1(a) << QString::fromLatin1(b) << distance;
    };
    row("", "", 0);
    row("", "abc", 3);
    row("abc", "", 3);
    row("port", "port", 0);
    row("prt", "port", 1);
    row("poort", "port", 1);
    row("part", "port", 1);
    row("prot", "port", 1);
    row("kitten", "sitting", 3);
}

void SuggestionTest::distances()
{
    QFETCH(QString, a);
    QFETCH(QString, b);
    QFETCH(int, distance);
    QCOMPARE(editDistance(a, b), distance);
    QCOMPARE(editDistance(b, a), distance);
}

void SuggestionTest::suggestions_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("suggestion");
    const auto row = [](const char *name, const char *suggestion) {
        QTest::newRow(name) << QString::fromLatin1(name) << QString::fromLatin1(suggestion);
    };
    row("server.prt", "server.port");
    row("sever.host", "server.host");
    row("host", "server.host");
    row("level", "log.level");
    row("limits.queue_limit", "model.queue_limit");
    row("xxxxxxxxx", "");
    row("", "");
}

void SuggestionTest::suggestions()
{
    QFETCH(QString, name);
    QFETCH(QString, suggestion);
    const QStringList known{QStringLiteral("server.port"), QStringLiteral("server.host"),
                            QStringLiteral("log.level"), QStringLiteral("model.queue_limit")};
    QCOMPARE(suggestionFor(name, known), suggestion);
    QCOMPARE(suggestionFor(QString(100'000, QChar(u'a')), known), QString());
}

QTEST_GUILESS_MAIN(SuggestionTest)
#include "tst_suggestion.moc"
