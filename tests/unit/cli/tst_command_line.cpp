// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/command_line.h"

#include <QTest>

using namespace gatehouse;

namespace {

Result<Command> parse(const QString &line)
{
    return parseCommandLine(QStringList{QStringLiteral("gatehouse")} +
                            line.split(QChar(u' '), Qt::SkipEmptyParts));
}

} // namespace

class CommandLineTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void serveIsTheDefault_data();
    void serveIsTheDefault();
    void everyOptionArrives();
    void checkTakesServesOptions();
    void versionAndExample();
    void help_data();
    void help();
    void wrongUsage_data();
    void wrongUsage();
    void unknownOptionsValueIsNotTold();
};

void CommandLineTest::serveIsTheDefault_data()
{
    QTest::addColumn<QString>("line");
    QTest::newRow("nothing") << QString();
    QTest::newRow("serve") << QStringLiteral("serve");
}

void CommandLineTest::serveIsTheDefault()
{
    QFETCH(QString, line);
    const Result<Command> command = parse(line);
    QVERIFY(command);
    const auto *serve = std::get_if<ServeCommand>(&*command);
    QVERIFY(serve);
    QVERIFY(!serve->settings.port);
    QVERIFY(!serve->settings.lan);
}

void CommandLineTest::everyOptionArrives()
{
    const QString options =
        QStringLiteral("--config c.toml --env-file=e.env --data-dir d --host ::1 --port 0");
    for (const QString &line : {options, QStringLiteral("serve ") + options}) {
        const Result<Command> command = parse(line);
        QVERIFY(command);
        const CommandLineSettings &settings = std::get<ServeCommand>(*command).settings;
        QCOMPARE(settings.configFile, std::optional(QStringLiteral("c.toml")));
        QCOMPARE(settings.envFile, std::optional(QStringLiteral("e.env")));
        QCOMPARE(settings.dataDir, std::optional(QStringLiteral("d")));
        QCOMPARE(settings.host, std::optional(QStringLiteral("::1")));
        QCOMPARE(settings.port, std::optional(QStringLiteral("0")));
        QVERIFY(!settings.lan);
    }
    QVERIFY(std::get<ServeCommand>(*parse(QStringLiteral("--lan"))).settings.lan);
}

void CommandLineTest::checkTakesServesOptions()
{
    const Result<Command> command = parse(QStringLiteral("config check --config käse.toml --lan"));
    QVERIFY(command);
    const auto *check = std::get_if<ConfigCheckCommand>(&*command);
    QVERIFY(check);
    QCOMPARE(check->settings.configFile, std::optional(QStringLiteral("käse.toml")));
    QVERIFY(check->settings.lan);
}

void CommandLineTest::versionAndExample()
{
    QVERIFY(std::holds_alternative<VersionCommand>(*parse(QStringLiteral("--version"))));
    QVERIFY(std::holds_alternative<ConfigExampleCommand>(*parse(QStringLiteral("config example"))));
}

void CommandLineTest::help_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("part");
    QTest::newRow("whole") << QStringLiteral("--help") << QStringLiteral("config");
    QTest::newRow("short") << QStringLiteral("-h") << QStringLiteral("--version");
    QTest::newRow("serve") << QStringLiteral("serve --help") << QStringLiteral("--data-dir FOLDER");
    QTest::newRow("config") << QStringLiteral("config --help") << QStringLiteral("example");
    QTest::newRow("config check") << QStringLiteral("config check --help")
                                  << QStringLiteral("--env-file FILE");
}

void CommandLineTest::help()
{
    QFETCH(QString, line);
    QFETCH(QString, part);
    const Result<Command> command = parse(line);
    QVERIFY(command);
    const auto *help = std::get_if<HelpCommand>(&*command);
    QVERIFY(help);
    QVERIFY2(help->text.contains(part), qPrintable(help->text));
}

void CommandLineTest::wrongUsage_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("part");
    QTest::newRow("unknown option") << QStringLiteral("--foo")
                                    << QStringLiteral("there is no \"--foo\" here");
    QTest::newRow("unknown command") << QStringLiteral("sevre")
                                     << QStringLiteral("there is no \"sevre\" here");
    QTest::newRow("unknown option of a command")
        << QStringLiteral("config check --foo") << QStringLiteral("there is no \"--foo\" here");
    QTest::newRow("option of another command")
        << QStringLiteral("config example --port 1") << QStringLiteral("there is no \"--port\" here");
    QTest::newRow("no value") << QStringLiteral("--port") << QStringLiteral("--port");
    QTest::newRow("half a command") << QStringLiteral("config") << QStringLiteral("subcommand");
    QTest::newRow("two commands") << QStringLiteral("serve config example") << QStringLiteral("config");
    QTest::newRow("both host and lan") << QStringLiteral("--lan --host ::") << QStringLiteral("--lan");
}

void CommandLineTest::wrongUsage()
{
    QFETCH(QString, line);
    QFETCH(QString, part);
    const Result<Command> command = parse(line);
    QVERIFY(!command);
    QCOMPARE(command.error().code, ErrorCode::InvalidRequest);
    const QString message = command.error().message;
    QVERIFY2(message.contains(part), qPrintable(message));
    QVERIFY(message.startsWith(QStringLiteral("gatehouse: ")));
    QVERIFY(!message.contains(QChar(u'\n')));
}

void CommandLineTest::unknownOptionsValueIsNotTold()
{
    for (const char *line : {"--api-key=hidden", "--api-key hidden", "serve --api-key hidden"}) {
        const Result<Command> command = parse(QString::fromLatin1(line));
        QVERIFY(!command);
        QVERIFY2(!command.error().message.contains(QStringLiteral("hidden")),
                 qPrintable(command.error().message));
        QVERIFY(command.error().message.contains(QStringLiteral("--api-key")));
    }
}

QTEST_GUILESS_MAIN(CommandLineTest)
#include "tst_command_line.moc"
