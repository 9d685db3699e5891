// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/config_commands.h"
#include "config/settings_example.h"
#include "unit/config/config_fixture.h"

#include <QRegularExpression>
#include <QTest>

using namespace gatehouse;

class ConfigCommandsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void checkShowsEveryValueWithItsSource();
    void checkShowsEveryMistake();
    void checkReadsAddressesAsTheStartWould_data();
    void checkReadsAddressesAsTheStartWould();
    void exampleIsPrinted();
    void versionIsPrinted();
    void problemsOfAStart();
};

namespace {

struct Printed
{
    ExitCode code;
    QString text;
};

Printed check(const ConfigFixture &fixture)
{
    QString text;
    QTextStream out(&text);
    const ExitCode code = runConfigCheck(fixture.sources, out);
    return {code, text};
}

bool hasLine(const QString &text, const QString &pattern)
{
    const QRegularExpression line(QStringLiteral("^%1$").arg(pattern), QRegularExpression::MultilineOption);
    return line.match(text).hasMatch();
}

} // namespace

void ConfigCommandsTest::checkShowsEveryValueWithItsSource()
{
    ConfigFixture fixture;
    fixture.writeConfig("[server]\nlanes = 2\n");
    fixture.writeSecrets("[auth]\napi_key = 'hidden'\n");
    fixture.setVariable("API_PORT", "8080");
    const Printed printed = check(fixture);
    QCOMPARE(printed.code, ExitSuccess);
    const QString etc = QRegularExpression::escape(fixture.path(QStringLiteral("etc/")));
    for (const QString &pattern : {QStringLiteral("server\\.port = 8080 +environment \\(API_PORT\\)"),
                                   QStringLiteral("server\\.lanes = 2 +%1gatehouse\\.toml:2").arg(etc),
                                   QStringLiteral("auth\\.api_key = \\*{8} +%1secrets\\.toml:2").arg(etc),
                                   QStringLiteral("auth\\.mode = \"required\" +implied by auth\\.api_key"),
                                   QStringLiteral("model\\.temperature = - +default"),
                                   QStringLiteral("The configuration is valid\\.")})
        QVERIFY2(hasLine(printed.text, pattern), qPrintable(pattern + QChar(u'\n') + printed.text));
    QVERIFY(!printed.text.contains(QStringLiteral("hidden")));
}

void ConfigCommandsTest::checkShowsEveryMistake()
{
    ConfigFixture fixture;
    fixture.writeConfig("[server]\nprt = 2\nport = 'hello'\n");
    fixture.writeDotEnv(
        "REDIS_URL=redis://:hidden@h\nAPI_KEY='hidden hidden'\nGEMMA_PERFORMANCE_PRECISION=1\n");
    const Printed printed = check(fixture);
    QCOMPARE(printed.code, ExitUsage);
    for (const char *pattern :
         {"server\\.port = 8000 +default", "error: .*/gatehouse\\.toml:2: server\\.prt: .*server\\.port\\?",
          "error: .*/gatehouse\\.toml:3: server\\.port: expects .*, not \"hello\"",
          "error: .*/\\.env:2: API_KEY: expects .*",
          "redis\\.url = \"redis://:\\*{8}@h\" +.*/\\.env:1 \\(REDIS_URL\\)",
          "warning: .*/\\.env:3: GEMMA_PERFORMANCE_PRECISION: not used by this version.*", "Mistakes: 3"})
        QVERIFY2(hasLine(printed.text, QString::fromLatin1(pattern)), pattern);
    QVERIFY(!printed.text.contains(QStringLiteral("hidden")));
}

void ConfigCommandsTest::checkReadsAddressesAsTheStartWould_data()
{
    QTest::addColumn<QByteArray>("lines");
    QTest::addColumn<QString>("mistake"); // Empty: none.
    QTest::newRow("good") << QByteArray("DATABASE_URL=postgresql://u:hidden@h:5432/d\nUSE_REDIS=1\n"
                                        "REDIS_URL=redis://:hidden@h:6379/1")
                          << QString();
    QTest::newRow("port") << QByteArray("DATABASE_URL=postgresql://u:hidden@h:x/d")
                          << QStringLiteral("error: .*/\\.env:1: DATABASE_URL: .*port.*");
    QTest::newRow("parameter") << QByteArray("\nDATABASE_URL=postgresql://u:hidden@h/d?hidden=1")
                               << QStringLiteral("error: .*/\\.env:2: DATABASE_URL: .*parameter.*");
    QTest::newRow("memory") << QByteArray("DATABASE_URL=sqlite:///:memory:")
                            << QStringLiteral("error: .*/\\.env:1: DATABASE_URL: .*");
    QTest::newRow("redis") << QByteArray("USE_REDIS=yes\nREDIS_URL=redis://:hidden@h/one")
                           << QStringLiteral("error: .*/\\.env:2: REDIS_URL: .*");
    QTest::newRow("redis, not used") << QByteArray("REDIS_URL=redis://:hidden@h/one") << QString();
}

void ConfigCommandsTest::checkReadsAddressesAsTheStartWould()
{
    QFETCH(QByteArray, lines);
    QFETCH(QString, mistake);
    ConfigFixture fixture;
    fixture.writeDotEnv(lines);
    const Printed printed = check(fixture);
    QCOMPARE(printed.code, mistake.isEmpty() ? ExitSuccess : ExitUsage);
    const QString pattern = mistake.isEmpty() ? QStringLiteral("The configuration is valid\\.") : mistake;
    QVERIFY2(hasLine(printed.text, pattern), qPrintable(printed.text));
    QVERIFY(!printed.text.contains(QStringLiteral("hidden")));
}

void ConfigCommandsTest::exampleIsPrinted()
{
    QString text;
    QTextStream out(&text);
    QCOMPARE(runConfigExample(out), ExitSuccess);
    QCOMPARE(text, exampleConfig());
}

void ConfigCommandsTest::versionIsPrinted()
{
    QString text;
    QTextStream out(&text);
    QCOMPARE(runVersion(out), ExitSuccess);
    QVERIFY2(hasLine(text, QStringLiteral("gatehouse \\d+\\.\\d+\\.\\d+")), qPrintable(text));
}

void ConfigCommandsTest::problemsOfAStart()
{
    ConfigFixture fixture;
    fixture.setVariable("GEMMA_PERFORMANCE_PRECISION", "1");
    fixture.setVariable("PORT", "x");
    QString text;
    QTextStream out(&text);
    printProblems(fixture.load(), out);
    QCOMPARE(text,
             QStringLiteral("warning: environment: GEMMA_PERFORMANCE_PRECISION: not used by this version "
                            "(precision: a GGUF file has its own)\n"
                            "error: environment: PORT: expects a whole number from 0 to 65535, not \"x\"\n"));
}

QTEST_GUILESS_MAIN(ConfigCommandsTest)
#include "tst_config_commands.moc"
