// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/route_variables.h"
#include "config/sources/unused_variables.h"
#include "config/table/setting_table.h"

#include <QRegularExpression>
#include <QSet>
#include <QTest>

using namespace gatehouse;

class SettingTableTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void keysAreWellFormedAndUnique();
    void variablesAreUnique();
    void variablesAreDerivedFromKeys();
    void readingGivesBackWhatWasAssigned();
    void refusalChangesNothing();
    void addressesAreShownWithoutTheirPassword_data();
    void addressesAreShownWithoutTheirPassword();
    void otherSecretsAreNeverShown();
    void fieldsOfRoutesGoBothWays();
};

void SettingTableTest::keysAreWellFormedAndUnique()
{
    static const QRegularExpression form(QStringLiteral("\\A([a-z]+\\.)?[a-z]+(_[a-z]+)*\\z"));
    QSet<QString> keys;
    for (const auto &spec : settingTable()) {
        QVERIFY2(form.match(spec.keyText()).hasMatch(), spec.key);
        QVERIFY2(!keys.contains(spec.keyText()), spec.key);
        QVERIFY2(qstrlen(spec.documentation) > 10, spec.key);
        QVERIFY2(!spec.binding.expected.isEmpty(), spec.key);
        keys.insert(spec.keyText());
    }
}

void SettingTableTest::variablesAreUnique()
{
    QStringList names;
    for (const auto &spec : settingTable()) {
        names.append(variableFor(spec.keyText()));
        for (const EnvironmentAlias &alias : spec.aliases)
            names.append(QString::fromLatin1(alias.name));
    }
    for (const RouteVariable &variable : routeVariables())
        names.append(QString::fromLatin1(variable.name));
    for (const UnusedVariable &variable : unusedVariables())
        names.append(QString::fromLatin1(variable.name));
    QCOMPARE(QSet<QString>(names.begin(), names.end()).size(), names.size());
    for (const QString &name : names)
        QVERIFY2(!routeFieldOf(name), qPrintable(name)); // GATEHOUSE_ROUTES_… and MODEL_ROUTE_… are free.
}

void SettingTableTest::variablesAreDerivedFromKeys()
{
    QCOMPARE(variableFor(QStringLiteral("server.max_body_bytes")),
             QStringLiteral("GATEHOUSE_SERVER_MAX_BODY_BYTES"));
    const auto field = routeFieldOf(QStringLiteral("GATEHOUSE_ROUTES_MY_BOX_API_KEY"));
    QVERIFY(field);
    QCOMPARE(field->route, QStringLiteral("MY_BOX"));
    QCOMPARE(field->field, QStringLiteral("api_key"));
    const auto timeout = routeFieldOf(QStringLiteral("GATEHOUSE_ROUTES_A_TIMEOUTS_READ_SECONDS"));
    QVERIFY(timeout);
    QCOMPARE(timeout->field, QStringLiteral("timeouts.read_seconds"));
    for (const char *name : {"GATEHOUSE_ROUTES_URL", "GATEHOUSE_ROUTES__URL", "GATEHOUSE_ROUTES_A_SIZE",
                             "MODEL_ROUTE_", "GATEHOUSE_ROUTES_"})
        QVERIFY2(!routeFieldOf(QString::fromLatin1(name)) ||
                     routeFieldOf(QString::fromLatin1(name))->route.isEmpty(),
                 name);
}

void SettingTableTest::readingGivesBackWhatWasAssigned()
{
    const Settings defaults;
    for (const auto &spec : settingTable()) {
        const SettingValue value = spec.binding.read(defaults);
        if (std::holds_alternative<std::monostate>(value))
            continue;
        Settings settings;
        QVERIFY2(spec.binding.assign(settings, value), spec.key);
        QVERIFY2(spec.binding.read(settings) == value, spec.key);
    }
}

void SettingTableTest::refusalChangesNothing()
{
    for (const auto &spec : settingTable()) {
        Settings settings;
        QVERIFY2(!spec.binding.assign(settings, std::monostate{}), spec.key);
        QVERIFY2(!spec.binding.assign(settings, QStringList{QString(1, QChar(0))}), spec.key);
        QVERIFY2(spec.binding.read(settings) == spec.binding.read(Settings()), spec.key);
    }
}

void SettingTableTest::addressesAreShownWithoutTheirPassword_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("shown");
    const auto row = [](const char *url, const char *shown) {
        QTest::newRow(url) << QString::fromLatin1(url) << QString::fromLatin1(shown);
    };
    row("postgresql+asyncpg://u:hidden@box:5432/d", "\"postgresql+asyncpg://u:********@box:5432/d\"");
    row("postgresql://u:hid@h:1/den?#@box/d", "\"postgresql://u:********@box/d\"");
    row("postgresql://u@box/d", "\"postgresql://********@box/d\"");
    row("postgresql://box/d?password=hidden", "\"postgresql://box/d?********\"");
    row("postgresql://u:hidden@[2001:db8::1]/d", "\"postgresql://u:********@[2001:db8::1]/d\"");
    row("postgresql://u:hidden@%2Frun%2Fpg/d", "\"postgresql://u:********@%2Frun%2Fpg/d\"");
    row("redis://:hidden@box", "\"redis://:********@box\"");
    row("unix://:hidden@/run/redis.sock?db=1", "\"unix://:********@/run/redis.sock?********\"");
    row("sqlite:////var/lib/a.db", "\"sqlite:////var/lib/a.db\"");
    row("postgresql://u:hidden/d", "********"); // The @ was forgotten.
    row("postgresql://u:hid@box?den@b!x/d", "********");
    row("postgresql://box/d#u:hidden@x y", "********");
    row("hidden", "********");
    row("", "\"\"");
}

void SettingTableTest::addressesAreShownWithoutTheirPassword()
{
    QFETCH(QString, url);
    Settings settings;
    settings.database.url = Secret(url.toUtf8());
    for (const auto &spec : settingTable()) {
        if (spec.keyText() == QLatin1String("database.url"))
            QTEST(shownValue(spec, settings), "shown");
    }
}

void SettingTableTest::otherSecretsAreNeverShown()
{
    Settings settings;
    settings.auth.apiKey = Secret("sqlite:///hidden");
    settings.auth.secretKey = Secret("sqlite:///hidden");
    for (const auto &spec : settingTable())
        QVERIFY2(!shownValue(spec, settings).contains(QStringLiteral("hidden")), spec.key);
}

void SettingTableTest::fieldsOfRoutesGoBothWays()
{
    for (const auto &spec : routeFieldTable()) {
        const SettingValue value = spec.binding.read(RouteSettings());
        RouteSettings route;
        if (!tomlText(value).isEmpty() && spec.keyText() != QLatin1String("url"))
            QVERIFY2(spec.binding.assign(route, value), spec.key);
        QVERIFY2(route == RouteSettings(), spec.key);
        QVERIFY2(!spec.binding.assign(route, std::monostate{}), spec.key);
        QVERIFY2(!spec.binding.assign(route, QStringList{QString(1, QChar(0))}), spec.key);
        TextTable nothing;
        nothing.insert(QString(1, QChar(0)), QString(1, QChar(0)));
        QVERIFY2(!spec.binding.assign(route, nothing), spec.key);
        QVERIFY2(route == RouteSettings(), spec.key);
        QCOMPARE(spec.reload, Reload::Live);
    }
}

QTEST_GUILESS_MAIN(SettingTableTest)
#include "tst_setting_table.moc"
