// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings_change.h"
#include "config/settings_example.h"
#include "config/table/setting_table.h"
#include "unit/config/config_fixture.h"

#include <QRegularExpression>
#include <QTest>

using namespace gatehouse;

class SettingsExampleTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void committedFileIsThisOne();
    void everySettingIsShown();
    void asItStandsItChangesNothing();
    void whatItShowsAreTheDefaults();
    void theExampleOfAPoolIsOne();
};

void SettingsExampleTest::committedFileIsThisOne()
{
    QFile file(QStringLiteral(GATEHOUSE_EXAMPLE_FILE));
    QVERIFY2(file.open(QIODevice::ReadOnly), GATEHOUSE_EXAMPLE_FILE);
    // When this fails: gatehouse config example > resources/gatehouse.example.toml
    QCOMPARE(QString::fromUtf8(file.readAll()), exampleConfig());
}

void SettingsExampleTest::everySettingIsShown()
{
    const QString text = exampleConfig();
    for (const auto &spec : settingTable())
        QVERIFY2(text.contains(variableFor(spec.keyText())), spec.key);
    for (const auto &spec : routeFieldTable())
        QVERIFY2(text.contains(QStringLiteral("\n#%1 = ").arg(spec.keyText())), spec.key);
}

void SettingsExampleTest::asItStandsItChangesNothing()
{
    ConfigFixture fixture;
    const SettingsPtr before = fixture.load().settings;
    fixture.writeConfig(exampleConfig().toUtf8());
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes), QString());
    for (const EffectiveValue &value : loaded.values)
        QCOMPARE(describe(value.source), QStringLiteral("default"));
    const SettingsChange change = changeBetween(*before, *loaded.settings);
    QCOMPARE(change.live + change.restart, QStringList());
}

void SettingsExampleTest::whatItShowsAreTheDefaults()
{
    ConfigFixture fixture;
    const SettingsPtr before = fixture.load().settings;
    static const QRegularExpression commentedOut(QStringLiteral("^#(?=[a-z\\[])"),
                                                 QRegularExpression::MultilineOption);
    fixture.writeConfig(exampleConfig().replace(commentedOut, QString()).toUtf8());
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes), QString());
    for (const auto &spec : settingTable())
        QVERIFY2(!effective(loaded, spec.keyText()).endsWith(QStringLiteral("default")), spec.key);
    const SettingsChange change = changeBetween(*before, *loaded.settings);
    // Limits that are written down hold for callers on this machine, too; the temperature has no default, and
    // the example route replaces the demo model's.
    QCOMPARE(change.live + change.restart,
             (QStringList{QStringLiteral("model.temperature"), QStringLiteral("limits"),
                          QStringLiteral("routes.box"), QStringLiteral("routes.local")}));
}

void SettingsExampleTest::theExampleOfAPoolIsOne()
{
    QByteArray lines;
    for (const QString &line : exampleConfig().split(QChar(u'\n'))) {
        if (line.startsWith(QStringLiteral("#   ")))
            lines += line.sliced(4).toUtf8() + '\n';
    }
    ConfigFixture fixture;
    fixture.writeConfig(lines);
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes + loaded.warnings), QString());
    const QList<RouteSettings> &routes = loaded.settings->routes;
    QCOMPARE(routes.size(), 3);
    QCOMPARE(routes[0].pool, routes[1].pool);
    QCOMPARE(routes[1].names.value(QStringLiteral("small")), QStringLiteral("qwen3:0.6b"));
    QCOMPARE(routes[2].headers.size(), 1);
    QCOMPARE(loaded.settings->routing.fallbacks.value(QStringLiteral("small")),
             QStringList{QStringLiteral("openrouter:qwen/qwen3-8b")});
}

QTEST_GUILESS_MAIN(SettingsExampleTest)
#include "tst_settings_example.moc"
