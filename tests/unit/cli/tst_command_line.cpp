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
    void doctorArrives();
    void keyAddTakesEverything();
    void accessCommandsArrive_data();
    void accessCommandsArrive();
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

void CommandLineTest::doctorArrives()
{
    const Result<Command> all = parse(QStringLiteral("doctor"));
    QVERIFY(all);
    QVERIFY(std::get<DoctorCommand>(*all).route.isEmpty());
    for (const char *line : {"doctor box --config c.toml --env-file e.env --data-dir d",
                             "doctor --config c.toml --env-file e.env --data-dir=d box"}) {
        const Result<Command> one = parse(QString::fromLatin1(line));
        QVERIFY2(one, line);
        const auto &command = std::get<DoctorCommand>(*one);
        QCOMPARE(command.route, QStringLiteral("box"));
        QCOMPARE(command.settings.configFile, std::optional(QStringLiteral("c.toml")));
        QCOMPARE(command.settings.envFile, std::optional(QStringLiteral("e.env")));
        QCOMPARE(command.settings.dataDir, std::optional(QStringLiteral("d")));
    }
}

void CommandLineTest::keyAddTakesEverything()
{
    const Result<Command> command =
        parse(QStringLiteral("key add --name kiosk --admin --rpm 1 --tpm 2 --rate-limit 3 --max-concurrent 4 "
                             "--monthly-tokens 5000000000 --models a/b,c --expires 30d --data-dir d"));
    QVERIFY2(command, qPrintable(command ? QString() : command.error().message));
    const auto *access = std::get_if<AccessCommand>(&*command);
    QVERIFY(access);
    QCOMPARE(access->settings.dataDir, std::optional(QStringLiteral("d")));
    const auto *add = std::get_if<KeyAdd>(&access->action);
    QVERIFY(add);
    QCOMPARE(add->name, QStringLiteral("kiosk"));
    QVERIFY(add->role == CallerRole::Admin);
    QVERIFY(add->limits == KeyLimits({.requestsPerHour = 3,
                                      .requestsPerMinute = 1,
                                      .tokensPerMinute = 2,
                                      .maxConcurrent = 4,
                                      .monthlyTokens = 5'000'000'000}));
    QCOMPARE(add->models, QStringList({QStringLiteral("a/b"), QStringLiteral("c")}));
    QCOMPARE(add->expires, std::optional(QStringLiteral("30d")));

    const Result<Command> plain = parse(QStringLiteral("key add --name kiosk"));
    const auto &least = std::get<KeyAdd>(std::get<AccessCommand>(*plain).action);
    QVERIFY(least.role == CallerRole::User && least.limits == KeyLimits() && least.models.isEmpty() &&
            !least.expires);
}

void CommandLineTest::accessCommandsArrive_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<int>("action");
    QTest::addColumn<QString>("text");
    const auto add = [](const char *line, const AccessAction &action, const char *text) {
        QTest::addRow("%s", line) << QString::fromLatin1(line) << int(action.index())
                                  << QString::fromLatin1(text);
    };
    add("key add --name=k", KeyAdd{}, "k");
    add("key list", KeyList{}, "");
    add("key list --json", KeyList{}, "json");
    add("key revoke 1234", KeyRevoke{}, "1234");
    add("user add zoe", UserAdd{}, "zoe");
    add("user add --admin zoe", UserAdd{}, "zoe");
    add("user list", UserList{}, "");
    add("user remove zoe", UserRemove{}, "zoe");
}

void CommandLineTest::accessCommandsArrive()
{
    QFETCH(QString, line);
    QFETCH(int, action);
    QFETCH(QString, text);
    for (const QString &options :
         {QString(), QStringLiteral(" --config c.toml --env-file e.env --data-dir d")}) {
        const Result<Command> command = parse(line + options);
        QVERIFY2(command, qPrintable(command ? QString() : command.error().message));
        const auto *access = std::get_if<AccessCommand>(&*command);
        QVERIFY(access);
        QCOMPARE(access->settings.configFile.has_value(), !options.isEmpty());
        QCOMPARE(access->settings.envFile.has_value(), !options.isEmpty());
        QCOMPARE(access->settings.dataDir.has_value(), !options.isEmpty());
        QCOMPARE(int(access->action.index()), action);
        struct
        {
            QString operator()(const KeyAdd &asked) const { return asked.name; }
            QString operator()(const KeyList &asked) const
            {
                return asked.json ? QStringLiteral("json") : QString();
            }
            QString operator()(const KeyRevoke &asked) const { return asked.key; }
            QString operator()(const UserAdd &asked) const { return asked.name; }
            QString operator()(const UserList &) const { return {}; }
            QString operator()(const UserRemove &asked) const { return asked.name; }
        } textOf;
        QCOMPARE(std::visit(textOf, access->action), text);
        if (const auto *added = std::get_if<UserAdd>(&access->action))
            QCOMPARE(added->role == CallerRole::Admin, line.contains(QStringLiteral("--admin")));
    }
}

void CommandLineTest::help_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("part");
    QTest::newRow("whole") << QStringLiteral("--help") << QStringLiteral("config");
    QTest::newRow("short") << QStringLiteral("-h") << QStringLiteral("--version");
    QTest::newRow("serve") << QStringLiteral("serve --help") << QStringLiteral("--data-dir FOLDER");
    QTest::newRow("key") << QStringLiteral("key --help") << QStringLiteral("revoke");
    QTest::newRow("key add") << QStringLiteral("key add --help") << QStringLiteral("--monthly-tokens N");
    QTest::newRow("user add") << QStringLiteral("user add --help") << QStringLiteral("standard input");
    QTest::newRow("config") << QStringLiteral("config --help") << QStringLiteral("example");
    QTest::newRow("doctor") << QStringLiteral("doctor --help") << QStringLiteral("--env-file FILE");
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
    for (const char *command : {"key", "user", "key add", "key revoke", "user add", "user remove"})
        QTest::addRow("half of %s", command) << QString::fromLatin1(command) << QStringLiteral("required");
    for (const char *limit : {"--rpm", "--tpm", "--rate-limit", "--max-concurrent", "--monthly-tokens"}) {
        for (const char *value : {"0", "-1", "1.5", "x", "1000000000001", "99999999999999999999", "1k"})
            QTest::addRow("%s %s", limit, value)
                << QStringLiteral("key add --name k %1 %2")
                       .arg(QString::fromLatin1(limit), QString::fromLatin1(value))
                << QString::fromLatin1(limit);
    }
    QTest::newRow("two routes") << QStringLiteral("doctor a b") << QStringLiteral("there is no \"b\" here");
    QTest::newRow("doctor's port") << QStringLiteral("doctor --port 1")
                                   << QStringLiteral("there is no \"--port\" here");
    QTest::newRow("password as an option")
        << QStringLiteral("user add zoe --password x") << QStringLiteral("there is no \"--password\" here");
    QTest::newRow("two keys") << QStringLiteral("key revoke a b") << QStringLiteral("there is no \"b\" here");
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
