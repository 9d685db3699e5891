// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/managed_routes.h"
#include "unit/config/config_fixture.h"

#include <QTest>

using namespace gatehouse;

namespace {

ManagedRoute box(const char *url = "http://box/v1")
{
    return {.key = QStringLiteral("box"), .fields = {{QStringLiteral("url"), QString::fromLatin1(url)}}};
}

/// One with a value of every type.
ManagedRoute full()
{
    TextTable headers;
    headers.insert(QStringLiteral("X-Title"), QStringLiteral("\"hidden\"\\"));
    TextTable models;
    models.insert(QStringLiteral("z"), QStringLiteral("käse:1"));
    models.insert(QStringLiteral("a"), QStringLiteral("b"));
    return {.key = QStringLiteral("gpu.1"),
            .fields = {{QStringLiteral("kind"), QStringLiteral("ollama")},
                       {QStringLiteral("url"), QStringLiteral("http://gpu")},
                       {QStringLiteral("headers"), headers},
                       {QStringLiteral("models"), models},
                       {QStringLiteral("weight"), qint64(3)},
                       {QStringLiteral("timeouts.read_seconds"), 2.5},
                       {QStringLiteral("timeouts.queue_seconds"), qint64(7)}}};
}

bool isSame(const QList<ManagedRoute> &a, const QList<ManagedRoute> &b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto &one, const auto &other) {
        return one.key == other.key && one.fields == other.fields;
    });
}

} // namespace

class ManagedRoutesTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();

    void whatIsWrittenIsRead();
    void nobodyElseMayReadIt();
    void nothingThatCouldNotBeReadIsWritten_data();
    void nothingThatCouldNotBeReadIsWritten();
    void failureLeavesWhatWas();
    void brokenFiles_data();
    void brokenFiles();

    void theyComeBehindTheOperators();
    void dataDirOfAnySourceCounts();
    void theOperatorsRouteWins();
    void theyGiveWayToTheOperators_data();
    void theyGiveWayToTheOperators();
    void theyGiveWayWhereThereAreTooMany();
    void noneGivesWayToTheOneThatIsJudged();
    void theFileCanBePinned();
    void theyReplaceTheDemoModel();
    void brokenFileIsAMistake();
    void routesInPlaceOfTheFiles();
    void mistakesNameTheField_data();
    void mistakesNameTheField();
    void relativePathsAreInTheDataDir();

private:
    [[nodiscard]] QString file() const { return managedRoutesFile(m_fixture->path(QStringLiteral("data"))); }
    void write(const QList<ManagedRoute> &routes) const
    {
        const auto written = writeManagedRoutes(file(), routes);
        if (!written)
            qFatal("%s", qPrintable(written.error().detail));
    }

    std::unique_ptr<ConfigFixture> m_fixture;
};

void ManagedRoutesTest::init()
{
    m_fixture = std::make_unique<ConfigFixture>();
    QDir().mkpath(m_fixture->path(QStringLiteral("data")));
    m_fixture->setVariable("GATEHOUSE_DATA_DIR",
                           m_fixture->path(QStringLiteral("data")).toUtf8().constData());
}

void ManagedRoutesTest::whatIsWrittenIsRead()
{
    QVERIFY(readManagedRoutes(file()));
    QVERIFY(readManagedRoutes(file())->isEmpty());
    for (const QList<ManagedRoute> &routes :
         {QList<ManagedRoute>{full(), box()}, {box()}, {}, {{.key = QStringLiteral("bare")}}}) {
        write(routes);
        const auto read = readManagedRoutes(file());
        QVERIFY(read);
        QVERIFY(isSame(*read, routes));
    }
}

void ManagedRoutesTest::nobodyElseMayReadIt()
{
    constexpr auto others =
        QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ReadOther | QFileDevice::WriteOther;
    write({full()});
    QVERIFY(!(QFile::permissions(file()) & others));
    QFile::setPermissions(file(), QFile::permissions(file()) | QFileDevice::ReadOther);
    QVERIFY(joined(m_fixture->load().warnings).contains(QStringLiteral("every user may read it")));
    write({full()});
    QVERIFY(!(QFile::permissions(file()) & others));
    QCOMPARE(QDir(m_fixture->path(QStringLiteral("data"))).entryList(QDir::Files | QDir::Hidden),
             QStringList{QStringLiteral("routes.toml")}); // Nothing is left behind.
}

void ManagedRoutesTest::nothingThatCouldNotBeReadIsWritten_data()
{
    QTest::addColumn<QString>("field");
    QTest::addColumn<SettingValue>("value");
    QTest::newRow("no value") << QStringLiteral("url") << SettingValue();
    QTest::newRow("no field") << QStringLiteral("urll") << SettingValue(QStringLiteral("a"));
    QTest::newRow("more than a field")
        << QStringLiteral("url = 'a'\n[[routes]]\nkey") << SettingValue(QStringLiteral("a"));
    QTest::newRow("huge") << QStringLiteral("url") << SettingValue(QString(1024 * 1024, QChar(u'a')));
}

void ManagedRoutesTest::nothingThatCouldNotBeReadIsWritten()
{
    QFETCH(QString, field);
    QFETCH(SettingValue, value);
    write({box()});
    const auto written =
        writeManagedRoutes(file(), {{.key = QStringLiteral("a"), .fields = {{field, value}}}});
    QVERIFY(!written);
    QVERIFY(isSame(*readManagedRoutes(file()), {box()}));
    QVERIFY(!writeManagedRoutes(file(), {box(), box()}));
    QVERIFY(!writeManagedRoutes(file(), {{.key = QStringLiteral("a b")}}));
    QVERIFY(isSame(*readManagedRoutes(file()), {box()}));
}

void ManagedRoutesTest::failureLeavesWhatWas()
{
    const QString nowhere = managedRoutesFile(m_fixture->path(QStringLiteral("nowhere")));
    const auto written = writeManagedRoutes(nowhere, {full()});
    QVERIFY(!written);
    QCOMPARE(written.error().code, ErrorCode::Internal);
    QVERIFY(written.error().detail.contains(nowhere));
    QVERIFY(!written.error().message.contains(nowhere));
    QVERIFY(!QFileInfo::exists(nowhere));
    QDir().mkpath(file()); // A folder can't be replaced by a file.
    QVERIFY(!writeManagedRoutes(file(), {full()}));
    QVERIFY(QFileInfo(file()).isDir());
    QVERIFY(!readManagedRoutes(file()));
}

void ManagedRoutesTest::brokenFiles_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("no TOML") << QByteArray("[[routes]\nkey = 'hidden");
    QTest::newRow("settings") << QByteArray("[auth]\nmode = 'off'");
    QTest::newRow("no key") << QByteArray("[[routes]]\napi_key = 'hidden'");
    QTest::newRow("unknown field") << QByteArray("[[routes]]\nkey = 'a'\napi_keyy = 'hidden'");
    QTest::newRow("twice") << QByteArray("[[routes]]\nkey = 'a'\n[[routes]]\nkey = 'A'");
    QTest::newRow("too long") << QByteArray(1024 * 1024 + 1, '#');
    QTest::newRow("bytes") << QByteArray("\xff\x00\xfe", 3);
}

void ManagedRoutesTest::brokenFiles()
{
    QFETCH(QByteArray, text);
    m_fixture->write(QStringLiteral("data/routes.toml"), text);
    const auto read = readManagedRoutes(file());
    QVERIFY(!read);
    QVERIFY(!read.error().message.contains(file()));
    QVERIFY(!(read.error().message + read.error().detail).contains(QStringLiteral("hidden")));
    const LoadedSettings loaded = m_fixture->load();
    QVERIFY(!loaded.settings);
    QVERIFY2(joined(loaded.mistakes).startsWith(file()), qPrintable(joined(loaded.mistakes)));
}

void ManagedRoutesTest::theyComeBehindTheOperators()
{
    write({full(), box()});
    m_fixture->setVariable("MODEL_ROUTE_Z", "http://z/v1");
    const LoadedSettings loaded = m_fixture->load();
    QCOMPARE(joined(loaded.mistakes + loaded.warnings), QString());
    QCOMPARE(loaded.files, QStringList{file()});
    const QList<RouteSettings> &routes = loaded.settings->routes;
    QCOMPARE(routes.size(), 3);
    QCOMPARE(routes[0].key, QStringLiteral("z"));
    QVERIFY(!routes[0].isManaged);
    QCOMPARE(routes[1].key, QStringLiteral("gpu.1"));
    QVERIFY(routes[1].isManaged);
    QCOMPARE(routes[1].kind, RouteKind::Ollama);
    QCOMPARE(routes[1].headers, (QList<RouteHeader>{{"X-Title", Secret("\"hidden\"\\")}}));
    QCOMPARE(routes[1].models, (QStringList{QStringLiteral("z"), QStringLiteral("a")}));
    QCOMPARE(routes[1].timeouts.read, std::chrono::milliseconds(2500));
    QCOMPARE(routes[1].queueTimeout, std::chrono::milliseconds(7000));
    QCOMPARE(routes[2].key, QStringLiteral("box"));
    QVERIFY(effective(loaded, QStringLiteral("routes.box.url"))
                .startsWith(QStringLiteral("\"http://box/v1\" @ ") + file() + QChar(u':')));
    QCOMPARE(effective(loaded, QStringLiteral("routes.gpu.1.headers")).section(QStringLiteral(" @"), 0, 0),
             QStringLiteral("{ \"X-Title\" = ******** }"));
}

void ManagedRoutesTest::dataDirOfAnySourceCounts()
{
    write({box()});
    QCOMPARE(m_fixture->load().settings->routes.first().key, QStringLiteral("box"));
    m_fixture->setVariable("GATEHOUSE_DATA_DIR", "");
    QCOMPARE(m_fixture->load().settings->routes.first().key, QStringLiteral("local"));
    m_fixture->writeConfig("data_dir = '../data'"); // Relative to its own folder.
    QCOMPARE(m_fixture->load().settings->routes.first().key, QStringLiteral("box"));
    m_fixture->sources.commandLine.dataDir = QStringLiteral("elsewhere");
    QCOMPARE(m_fixture->load().settings->routes.first().key, QStringLiteral("local"));
    m_fixture->sources.commandLine.dataDir = {};
    m_fixture->writeConfig({});
    m_fixture->setVariable("STATE_DIRECTORY", m_fixture->path(QStringLiteral("data")).toUtf8().constData());
    QCOMPARE(m_fixture->load().settings->routes.first().key, QStringLiteral("box"));
}

void ManagedRoutesTest::theOperatorsRouteWins()
{
    write({full(), box()});
    m_fixture->setVariable("MODEL_ROUTE_BOX", "http://mine/v1");
    const LoadedSettings loaded = m_fixture->load();
    QCOMPARE(joined(loaded.mistakes), QString());
    QVERIFY2(
        joined(loaded.warnings)
            .endsWith(QStringLiteral("the route \"box\" is left out, since it is written down elsewhere: "
                                     "environment (MODEL_ROUTE_BOX)")),
        qPrintable(joined(loaded.warnings)));
    QCOMPARE(loaded.warnings.size(), 1);
    const QList<RouteSettings> &routes = loaded.settings->routes;
    QCOMPARE(routes.size(), 2);
    QCOMPARE(routes[0].url, QUrl(QStringLiteral("http://mine/v1")));
    QVERIFY(!routes[0].isManaged);
    QCOMPARE(routes[1].key, QStringLiteral("gpu.1"));
}

void ManagedRoutesTest::theyGiveWayToTheOperators_data()
{
    QTest::addColumn<QString>("pool");
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QString>("reason");
    QTest::newRow("their pool is a route's key now")
        << QStringLiteral("p") << QByteArray("[[routes]]\nkey='p'\nurl='http://p/v1'")
        << QStringLiteral("its pool has the key of the route \"p\", which isn't in it");
    QTest::newRow("their key is a pool's name now")
        << QString() << QByteArray("[[routes]]\nkey='a'\nurl='http://a/v1'\npool='box'")
        << QStringLiteral("its key is the name of a pool that it isn't in");
}

void ManagedRoutesTest::theyGiveWayToTheOperators()
{
    QFETCH(QString, pool);
    QFETCH(QByteArray, toml);
    QFETCH(QString, reason);
    ManagedRoute clashing = box();
    clashing.fields.append({QStringLiteral("pool"), pool});
    write({clashing, full()});
    QCOMPARE(m_fixture->load().settings->routes.size(), 2);
    m_fixture->writeConfig(toml);
    const LoadedSettings loaded = m_fixture->load();
    QCOMPARE(joined(loaded.mistakes), QString());
    QVERIFY2(joined(loaded.warnings).contains(QStringLiteral("the route \"box\" is left out: ") + reason),
             qPrintable(joined(loaded.warnings)));
    QCOMPARE(loaded.settings->routes.size(), 2);
    QCOMPARE(loaded.settings->routes[1].key, QStringLiteral("gpu.1"));
    // What is to be written is not let through so.
    m_fixture->sources.managedRoutes = QList<ManagedRoute>{clashing};
    m_fixture->sources.judgedRoute = clashing.key;
    QVERIFY(!m_fixture->load().settings);
    // And what was written before keeps no other one from being judged well.
    m_fixture->sources.managedRoutes = QList<ManagedRoute>{clashing, full()};
    m_fixture->sources.judgedRoute = full().key;
    QCOMPARE(joined(m_fixture->load().mistakes), QString());
}

void ManagedRoutesTest::theyGiveWayWhereThereAreTooMany()
{
    constexpr int most = 256;
    QList<ManagedRoute> routes;
    for (int i = 0; i < most; ++i)
        routes.append({.key = QStringLiteral("r%1").arg(i),
                       .fields = {{QStringLiteral("url"), QStringLiteral("http://r%1/v1").arg(i)}}});
    write(routes);
    QCOMPARE(joined(m_fixture->load().mistakes + m_fixture->load().warnings), QString());
    m_fixture->setVariable("MODEL_ROUTE_Z", "http://z/v1");
    const LoadedSettings loaded = m_fixture->load();
    QCOMPARE(joined(loaded.mistakes), QString());
    QCOMPARE(loaded.warnings.size(), 1);
    QVERIFY2(joined(loaded.warnings).contains(QStringLiteral("\"r255\" is left out: there can be 256")),
             qPrintable(joined(loaded.warnings)));
    QCOMPARE(loaded.settings->routes.size(), most);
    QCOMPARE(loaded.settings->routes.first().key, QStringLiteral("z"));
    m_fixture->sources.managedRoutes = routes;
    m_fixture->sources.judgedRoute = routes.first().key;
    QVERIFY(!m_fixture->load().settings);
}

void ManagedRoutesTest::noneGivesWayToTheOneThatIsJudged()
{
    ManagedRoute pooled = box();
    pooled.fields.append({QStringLiteral("pool"), QStringLiteral("new")});
    const ManagedRoute judged{.key = QStringLiteral("new"), .fields = box("http://new/v1").fields};
    m_fixture->sources.judgedRoute = judged.key;
    for (const auto &routes : {QList<ManagedRoute>{judged, pooled}, {pooled, judged}}) {
        m_fixture->sources.managedRoutes = routes;
        QVERIFY(!m_fixture->load().settings);
        QVERIFY(joined(m_fixture->load().mistakes).contains(QStringLiteral("routes.new.key: ")));
    }
    // Once both are there, one of them is better than no service.
    m_fixture->sources.managedRoutes = {};
    m_fixture->sources.judgedRoute.clear();
    write({pooled, judged});
    const LoadedSettings loaded = m_fixture->load();
    QCOMPARE(joined(loaded.mistakes), QString());
    QCOMPARE(loaded.settings->routes.size(), 1);
    QCOMPARE(loaded.settings->routes.first().key, QStringLiteral("box"));
}

void ManagedRoutesTest::theFileCanBePinned()
{
    write({box()});
    m_fixture->sources.managedRoutesFile = file();
    m_fixture->setVariable("GATEHOUSE_DATA_DIR", "elsewhere");
    const LoadedSettings loaded = m_fixture->load();
    QCOMPARE(loaded.settings->routes.first().key, QStringLiteral("box"));
    QCOMPARE(loaded.settings->dataDir, m_fixture->path(QStringLiteral("work/elsewhere")));
}

void ManagedRoutesTest::theyReplaceTheDemoModel()
{
    QCOMPARE(m_fixture->load().settings->routes.first().key, QStringLiteral("local"));
    QVERIFY(m_fixture->load().settings->routes.first().isImplied);
    write({{.key = QStringLiteral("local"), .fields = box().fields}});
    QVERIFY(!m_fixture->load().settings->routes.first().isImplied);
    write({box()});
    QCOMPARE(m_fixture->load().settings->routes.size(), 1);
    QCOMPARE(m_fixture->load().settings->routes.first().key, QStringLiteral("box"));
    write({});
    QCOMPARE(m_fixture->load().settings->routes.first().key, QStringLiteral("local"));
}

void ManagedRoutesTest::brokenFileIsAMistake()
{
    m_fixture->write(QStringLiteral("data/routes.toml"), "[[routes]]\nkey = 'a'\nurl = 7");
    const LoadedSettings loaded = m_fixture->load();
    QVERIFY(!loaded.settings);
    QVERIFY(joined(loaded.mistakes).startsWith(file() + QStringLiteral(":3: routes.a.url: expects")));
    QCOMPARE(loaded.files, QStringList{file()});
}

void ManagedRoutesTest::routesInPlaceOfTheFiles()
{
    write({full()});
    m_fixture->sources.managedRoutes = QList<ManagedRoute>{box()};
    const LoadedSettings loaded = m_fixture->load();
    QCOMPARE(joined(loaded.mistakes), QString());
    QCOMPARE(loaded.settings->routes.size(), 1);
    QCOMPARE(loaded.settings->routes.first().url, QUrl(QStringLiteral("http://box/v1")));
    QVERIFY(loaded.settings->routes.first().isManaged);
    m_fixture->sources.managedRoutes = QList<ManagedRoute>();
    QCOMPARE(m_fixture->load().settings->routes.first().key, QStringLiteral("local"));
    // A broken file can be put right so.
    m_fixture->write(QStringLiteral("data/routes.toml"), "[[");
    QVERIFY(m_fixture->load().settings);
}

void ManagedRoutesTest::mistakesNameTheField_data()
{
    QTest::addColumn<QString>("field");
    QTest::addColumn<SettingValue>("value");
    QTest::addColumn<QString>("name");
    const auto row = [](const char *field, const SettingValue &value, const char *name) {
        QTest::newRow(field) << QString::fromLatin1(field) << value << QString::fromLatin1(name);
    };
    row("url", QStringLiteral("ftp://a"), "routes.new.url");
    row("weight", qint64(0), "routes.new.weight");
    row("timeouts.read_seconds", QStringLiteral("1"), "routes.new.timeouts.read_seconds");
    row("headers", QStringLiteral("hidden"), "routes.new.headers");
    row("colour", QStringLiteral("red"), "routes.new.colour");
    row("pool", QStringLiteral("mine"), "routes.new.pool"); // The key of another route.
    row("api_key", QStringLiteral("k"), "routes.new.url");  // And no url at all.
}

void ManagedRoutesTest::mistakesNameTheField()
{
    QFETCH(QString, field);
    QFETCH(SettingValue, value);
    QFETCH(QString, name);
    m_fixture->setVariable("MODEL_ROUTE_MINE", "http://mine/v1");
    ManagedRoute route{.key = QStringLiteral("new"), .fields = {{field, value}}};
    if (field != QLatin1String("url") && field != QLatin1String("api_key"))
        route.fields.append({QStringLiteral("url"), QStringLiteral("http://new/v1")});
    m_fixture->sources.managedRoutes = QList<ManagedRoute>{box(), route};
    m_fixture->sources.judgedRoute = route.key;
    const LoadedSettings loaded = m_fixture->load();
    QVERIFY(!loaded.settings);
    QCOMPARE(loaded.mistakes.size(), 1);
    QCOMPARE(loaded.mistakes.first().source.name, name);
    QCOMPARE(loaded.mistakes.first().source.origin, SettingOrigin::ManagedRoutes);
    QVERIFY(!joined(loaded.mistakes).contains(QStringLiteral("hidden")));
}

void ManagedRoutesTest::relativePathsAreInTheDataDir()
{
    const ManagedRoute model{.key = QStringLiteral("m"),
                             .fields = {{QStringLiteral("path"), QStringLiteral("m.gguf")}}};
    const QString full = m_fixture->path(QStringLiteral("data/m.gguf"));
    m_fixture->sources.managedRoutes = QList<ManagedRoute>{model};
    QCOMPARE(m_fixture->load().settings->routes.first().path, full);
    m_fixture->sources.managedRoutes = {};
    write({model});
    QCOMPARE(m_fixture->load().settings->routes.first().path, full);
}

QTEST_GUILESS_MAIN(ManagedRoutesTest)
#include "tst_managed_routes.moc"
