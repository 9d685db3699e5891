// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/toml_depth.h"
#include "config/sources/toml_source.h"
#include "unit/config/config_fixture.h"

#include <QTest>

using namespace gatehouse;

namespace {

SourceContent read(const QByteArray &text)
{
    return readToml(text, {.origin = SettingOrigin::ConfigFile, .file = QStringLiteral("g.toml")});
}

} // namespace

class TomlSourceTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void assignmentsHaveLines();
    void routesKeepTheirOrder();
    void mistakes_data();
    void mistakes();
    void tablesKeepTheirOrder_data();
    void tablesKeepTheirOrder();
    void managedFileHasRoutesOnly();
    void syntaxErrorsDoNotQuote_data();
    void syntaxErrorsDoNotQuote();
    void deepKeysAreRefused();
    void dotsInStringsAreNoDepth_data();
    void dotsInStringsAreNoDepth();
};

void TomlSourceTest::assignmentsHaveLines()
{
    const SourceContent content = read("data_dir = 'x'\n[server]\nport = 80\n\ncors_origins = [\n \"*\"]\n");
    QCOMPARE(joined(content.mistakes), QString());
    QStringList places;
    for (const Assignment &assignment : content.assignments)
        places.append(QStringLiteral("%1 %2 %3")
                          .arg(placeOf(assignment.source), assignment.key, tomlText(assignment.value)));
    QCOMPARE(places, (QStringList{QStringLiteral("g.toml:1 data_dir \"x\""),
                                  QStringLiteral("g.toml:3 server.port 80"),
                                  QStringLiteral("g.toml:5 server.cors_origins [\"*\"]")}));
}

void TomlSourceTest::routesKeepTheirOrder()
{
    const SourceContent content = read("[[routes]]\nkey = \"Zeta\"\nurl = \"http://z\"\n"
                                       "timeouts = { read_seconds = 5 }\n"
                                       "[[routes]]\nkey = \"alpha\"\ntimeouts.total_seconds = 1.5\n");
    QCOMPARE(joined(content.mistakes), QString());
    QStringList fields;
    for (const Assignment &assignment : content.assignments)
        fields.append(assignment.route + QChar(u'/') + assignment.key);
    QCOMPARE(fields, (QStringList{QStringLiteral("zeta/key"), QStringLiteral("zeta/url"),
                                  QStringLiteral("zeta/timeouts.read_seconds"), QStringLiteral("alpha/key"),
                                  QStringLiteral("alpha/timeouts.total_seconds")}));
}

void TomlSourceTest::mistakes_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("message");
    const auto row = [](const char *name, const QByteArray &text, const char *message) {
        QTest::newRow(name) << text << QString::fromUtf8(message);
    };
    row("unknown key", "[server]\nprt = 1",
        "g.toml:2: server.prt: there is no such setting; did you mean server.port?");
    row("nothing near", "[server]\nzzzzzzzzzzzz = 1",
        "g.toml:2: server.zzzzzzzzzzzz: there is no such setting");
    row("unknown section", "\n[sever]\nport = 1",
        "g.toml:2: sever: there is no such setting; did you mean server?");
    row("a section's key without it", "port = 1",
        "g.toml:1: port: there is no such setting; did you mean server.port?");
    row("section as a value", "server = 1", "g.toml:1: server: has to be a table");
    row("table below a key", "[server.port]\nx = 1", "");
    row("no array of routes", "[routes]\nkey = 'a'",
        "g.toml:1: routes: each route is written as [[routes]] with a key");
    row("route without a key", "[[routes]]\nurl = 'http://a'",
        "g.toml:1: routes.key: each route needs a key of letters, digits, _, - and .");
    row("route with a bad key", "[[routes]]\nkey = 'a b'",
        "g.toml:2: routes.key: each route needs a key of letters, digits, _, - and .");
    row("route with a number as key", "[[routes]]\nkey = 7",
        "g.toml:2: routes.key: each route needs a key of letters, digits, _, - and .");
    row("route key twice", "[[routes]]\nkey = 'a'\n[[routes]]\nkey = 'A'",
        "g.toml:4: routes.key: there is a route \"a\" already");
    row("unknown route field", "[[routes]]\nkey = 'a'\nurll = 'x'",
        "g.toml:3: routes.a.urll: there is no such setting; did you mean routes.a.url?");
    row("unknown timeout", "[[routes]]\nkey = 'a'\ntimeouts = { red_seconds = 1 }",
        "g.toml:3: routes.a.timeouts.red_seconds: there is no such setting; did you mean "
        "routes.a.timeouts.read_seconds?");
    row("syntax", "[server]\nport = \n",
        "g.toml:2: not valid TOML (Error while parsing key-value pair: expected value)");
    row("key beyond ASCII", "[server]\nä = 1", "g.toml:2: not valid TOML (");
    row("half a date-time", "x = 1979-05-27T:0:00", "g.toml:1: not valid TOML (");
    row("key twice", "[log]\nlevel = 'info'\nlevel = 'info'", "g.toml:3: not valid TOML (");
    row("control characters in a key", "\"a\\u001bb\" = 1", "g.toml:1: a\uFFFDb: there is no such setting");
}

void TomlSourceTest::mistakes()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, message);
    const SourceContent content = read(text);
    const QString told = joined(content.mistakes);
    if (message.isEmpty()) { // Not the reader's mistake: the setting refuses a value that is none.
        QCOMPARE(told, QString());
        QCOMPARE(content.assignments.size(), 1);
        QVERIFY(std::holds_alternative<std::monostate>(content.assignments.first().value));
        return;
    }
    QCOMPARE(content.mistakes.size(), 1);
    QVERIFY2(told.startsWith(message), qPrintable(told));
}

void TomlSourceTest::tablesKeepTheirOrder_data()
{
    QTest::addColumn<QByteArray>("text"); // Behind the route's key.
    QTest::addColumn<QString>("value");   // Empty: none that a setting could have.
    QTest::addColumn<int>("line");
    const auto row = [](const char *name, const char *text, const char *value, int line = 3) {
        QTest::newRow(name) << QByteArray(text) << QString::fromLatin1(value) << line;
    };
    row("inline", "models = { z = 'b', a = 'c' }", R"({ "z" = "b", "a" = "c" })");
    row("empty", "models = {}", "{}");
    row("section", "[routes.models]\nz = 'b'\n\"a:1\" = 'c'", R"({ "z" = "b", "a:1" = "c" })");
    row("dotted", "models.z = 'b'\nmodels.a = 'c'", R"({ "z" = "b", "a" = "c" })");
    row("lists", "models = { a = ['b', 'c'], d = [] }", R"({ "a" = ["b", "c"], "d" = [] })");
    row("later", "weight = 1\nmodels.a = 'b'", R"({ "a" = "b" })", 4);
    row("number", "models = { a = 1 }", "");
    row("table in a table", "models = { a = { b = 'c' } }", "");
    row("unquoted dot", "models.qwen3.5 = 'c'", "");
    row("list of numbers", "models = { a = [1] }", "");
}

void TomlSourceTest::tablesKeepTheirOrder()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, value);
    QFETCH(int, line);
    const SourceContent content = read("[[routes]]\nkey = 'a'\n" + text);
    QCOMPARE(joined(content.mistakes), QString());
    const Assignment &last = content.assignments.last();
    QCOMPARE(last.key, QStringLiteral("models"));
    QCOMPARE(tomlText(last.value), value);
    QCOMPARE(last.source.line, line);
}

void TomlSourceTest::managedFileHasRoutesOnly()
{
    const SourceContent content =
        readToml("[[routes]]\nkey = 'a'\n[server]\nport = 1\n",
                 {.origin = SettingOrigin::ManagedRoutes, .file = QStringLiteral("r.toml")});
    QCOMPARE(joined(content.mistakes), QStringLiteral("r.toml:3: server: there is no such setting"));
    QCOMPARE(content.assignments.size(), 1);
}

void TomlSourceTest::syntaxErrorsDoNotQuote_data()
{
    QTest::addColumn<QByteArray>("value");
    for (const char *value :
         {"truesecret",   "trueSECRET", "\"secret",  "'secret",       "'''secret",    "secret",
          "1secret",      "0xsecret",   "1.5secret", "\"\\usecret\"", "\"\\secret\"", "infsecret",
          "\"x\" secret", "[secret",    "{secret",   "1987-secret",   "+secret",      "99999999999999999999",
          "fsecret",      "nansecret",  "12:secret"})
        QTest::newRow(value) << QByteArray(value);
}

void TomlSourceTest::syntaxErrorsDoNotQuote()
{
    QFETCH(QByteArray, value);
    const SourceContent content = read("[auth]\napi_key = " + value + "\n");
    QCOMPARE(content.mistakes.size(), 1);
    const QString told = joined(content.mistakes);
    QVERIFY2(told.startsWith(QStringLiteral("g.toml:")), qPrintable(told));
    for (const char *part : {"sec", "ecr", "cre", "ret", "999"})
        QVERIFY2(!told.contains(QLatin1String(part), Qt::CaseInsensitive), qPrintable(told));
}

void TomlSourceTest::deepKeysAreRefused()
{
    const QByteArray deep = QByteArray("a.").repeated(400'000) + "a = 1";
    for (const QByteArray &text :
         {deep, "[" + deep.chopped(4) + "]", "x = \"\"\"y\"\"\"\"\nz = {" + deep + "}"}) {
        const SourceContent content = read(text);
        QCOMPARE(joined(content.mistakes), QStringLiteral("g.toml: not valid TOML (too many dotted keys)"));
    }
    QCOMPARE(read(QByteArray("a.").repeated(1000) + "a = 1").mistakes.size(), 1); // Unknown, and no crash.
    QCOMPARE(read(QByteArray("x = ") + QByteArray("[").repeated(100'000)).mistakes.size(), 1);
}

void TomlSourceTest::dotsInStringsAreNoDepth_data()
{
    QTest::addColumn<QByteArray>("text");
    const QByteArray dots(5000, '.');
    QTest::newRow("basic") << "a = \"" + dots + "\"";
    QTest::newRow("literal") << "a = '" + dots + "'";
    QTest::newRow("escaped quote") << "a = \"\\\"" + dots + "\"";
    QTest::newRow("multi-line") << "a = \"\"\"\n\"" + dots + "\"\"\"";
    QTest::newRow("multi-line literal") << "a = '''\n'" + dots + "'''";
    QTest::newRow("comment") << "# " + dots + "\na = 1";
    QTest::newRow("comment at the end") << "# " + dots;
    QTest::newRow("byte order mark") << QByteArray("\xef\xbb\xbf# ä");
    QTest::newRow("beyond ASCII") << QByteArray("a = 'ä' # ö");
}

void TomlSourceTest::dotsInStringsAreNoDepth()
{
    QFETCH(QByteArray, text);
    QVERIFY(isTomlShallow(text));
    QVERIFY(!isTomlShallow(text + "\n" + QByteArray("a.").repeated(2001)));
}

QTEST_GUILESS_MAIN(TomlSourceTest)
#include "tst_toml_source.moc"
