// SPDX-License-Identifier: GPL-3.0-or-later
#include "unit/config/config_fixture.h"

#include <QTest>

#include <functional>

using namespace gatehouse;

namespace {

using Change = std::function<void(ConfigFixture &, int port)>;

/// Each source setting the port, by rising precedence.
struct SourceCase
{
    const char *name;
    Change set;
    const char *place; ///< Of the effective value; %1 is the fixture's folder.
};

const std::vector<SourceCase> sourceCases = {
    {"config",
     [](ConfigFixture &f, int port) { f.writeConfig("[server]\nport = " + QByteArray::number(port)); },
     "%1/etc/gatehouse.toml:2"},
    {"secrets",
     [](ConfigFixture &f, int port) { f.writeSecrets("server.port = " + QByteArray::number(port)); },
     "%1/etc/secrets.toml:1"},
    {"dotenv", [](ConfigFixture &f, int port) { f.writeDotEnv("#\nAPI_PORT=" + QByteArray::number(port)); },
     "%1/work/.env:2 (API_PORT)"},
    {"environment",
     [](ConfigFixture &f, int port) { f.setVariable("PORT", QByteArray::number(port).constData()); },
     "environment (PORT)"},
    {"command line", [](ConfigFixture &f, int port) { f.sources.commandLine.port = QString::number(port); },
     "command line (--port)"},
};

} // namespace

class SettingsLoaderTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void nothingGivesDefaults();
    void higherSourceWins_data();
    void higherSourceWins();
    void everyMistakeIsTold();
    void namedFiles();
    void missingNamedFiles();
    void userFolderBeforeSystemFolder();
    void tooLongFile();
    void secretsPermissions_data();
    void secretsPermissions();
    void secretInOpenConfigIsTold_data();
    void secretInOpenConfigIsTold();
    void routesMergeByField();
    void tablesAreReplacedAsAWhole();
    void relativeFileNames();
    void dataDir_data();
    void dataDir();
    void lanListensEverywhere();
    void resultJoinsMistakes();
    void noSecretIsEverTold();
};

void SettingsLoaderTest::nothingGivesDefaults()
{
    ConfigFixture fixture;
    const LoadedSettings loaded = fixture.load();
    QVERIFY(loaded.settings);
    QCOMPARE(joined(loaded.warnings), QString());
    QCOMPARE(loaded.files, QStringList());
    for (const EffectiveValue &value : loaded.values)
        QCOMPARE(describe(value.source), QStringLiteral("default"));
    QCOMPARE(loaded.settings->server.host, QStringLiteral("127.0.0.1"));
    QCOMPARE(loaded.settings->auth.mode, AuthMode::Local);
    QCOMPARE(loaded.settings->routes.size(), 1);
    QCOMPARE(loaded.settings->routes.first().kind, RouteKind::Local);
    QCOMPARE(loaded.settings->routes.first().path, QString());
}

void SettingsLoaderTest::higherSourceWins_data()
{
    QTest::addColumn<int>("lower"); // −1: the default.
    QTest::addColumn<int>("higher");
    const int count = static_cast<int>(sourceCases.size());
    for (int higher = 0; higher < count; ++higher) {
        for (int lower = -1; lower < higher; ++lower)
            QTest::addRow("%s over %s", sourceCases[static_cast<std::size_t>(higher)].name,
                          lower < 0 ? "default" : sourceCases[static_cast<std::size_t>(lower)].name)
                << lower << higher;
    }
}

void SettingsLoaderTest::higherSourceWins()
{
    QFETCH(int, lower);
    QFETCH(int, higher);
    ConfigFixture fixture;
    if (lower >= 0)
        sourceCases[static_cast<std::size_t>(lower)].set(fixture, 1111);
    const SourceCase &winner = sourceCases[static_cast<std::size_t>(higher)];
    winner.set(fixture, 2222);
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes), QString());
    QCOMPARE(loaded.settings->server.port, 2222);
    const QString place = QString::fromLatin1(winner.place).replace(QStringLiteral("%1"), fixture.path({}));
    QCOMPARE(effective(loaded, QStringLiteral("server.port")),
             QStringLiteral("2222 @ ") + QDir::cleanPath(place));
}

void SettingsLoaderTest::everyMistakeIsTold()
{
    ConfigFixture fixture;
    fixture.writeConfig("[server]\nprt = 1\nport = \"x\"\n[log]\nlevel = 7\n");
    fixture.writeSecrets("[auth]\napi_key = 5\n");
    fixture.writeDotEnv("AUTH_REQUIRED=perhaps\n=\n");
    fixture.setVariable("GATEHOUSE_LOG_LEVL", "info");
    fixture.sources.commandLine.port = QStringLiteral("70000");
    const LoadedSettings loaded = fixture.load();
    QVERIFY(!loaded.settings);
    const QString etc = fixture.path(QStringLiteral("etc/"));
    const QString work = fixture.path(QStringLiteral("work/"));
    QStringList told = joined(loaded.mistakes).split(QChar(u'\n'));
    QStringList expected{
        etc + QStringLiteral(
                  "gatehouse.toml:2: server.prt: there is no such setting; did you mean server.port?"),
        etc + QStringLiteral(
                  "gatehouse.toml:3: server.port: expects a whole number from 0 to 65535, not \"x\""),
        etc +
            QStringLiteral("gatehouse.toml:5: log.level: expects one of debug, info, warning, error, not 7"),
        etc +
            QStringLiteral("secrets.toml:2: auth.api_key: expects visible ASCII characters without a space"),
        work + QStringLiteral(".env:1: AUTH_REQUIRED: expects true or false, not \"perhaps\""),
        work + QStringLiteral(".env:2: expects NAME=value in UTF-8"),
        QStringLiteral(
            "environment: GATEHOUSE_LOG_LEVL: there is no such setting; did you mean GATEHOUSE_LOG_LEVEL?"),
        QStringLiteral("command line: --port: expects a whole number from 0 to 65535, not \"70000\""),
    };
    told.sort();
    expected.sort();
    QCOMPARE(told, expected);
    QVERIFY(!loaded.values.isEmpty());
}

void SettingsLoaderTest::namedFiles()
{
    ConfigFixture fixture;
    fixture.writeConfig("server.port = 1");
    fixture.writeDotEnv("PORT=2");
    const QString config = fixture.write(QStringLiteral("other/my.toml"), "server.lanes = 3");
    const QString secrets = fixture.write(QStringLiteral("other/secrets.toml"), "auth.api_key = 'k'");
    const QString env = fixture.write(QStringLiteral("work/prod.env"), "DEFAULT_MODEL=m");
    fixture.sources.commandLine.configFile = config;
    fixture.sources.commandLine.envFile = QStringLiteral("prod.env"); // Relative to the working folder.
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes), QString());
    QCOMPARE(loaded.settings->server.port, 8000);
    QCOMPARE(loaded.settings->server.lanes, 3);
    QCOMPARE(loaded.settings->model.defaultModel, QStringLiteral("m"));
    QCOMPARE(loaded.files, (QStringList{config, secrets, env}));
}

void SettingsLoaderTest::missingNamedFiles()
{
    ConfigFixture fixture;
    fixture.sources.commandLine.configFile = QStringLiteral("no.toml");
    fixture.sources.commandLine.envFile = QStringLiteral("no.env");
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(loaded.mistakes.size(), 2);
    QVERIFY(
        joined(loaded.mistakes).startsWith(fixture.path(QStringLiteral("work/no.toml: can't be read: "))));

    fixture.sources.commandLine = {};
    QDir().mkpath(fixture.path(QStringLiteral("etc/gatehouse.toml"))); // A folder of that name is no file.
    QCOMPARE(fixture.load().mistakes.size(), 1);
}

void SettingsLoaderTest::userFolderBeforeSystemFolder()
{
    ConfigFixture fixture;
    fixture.writeConfig("server.port = 1");
    fixture.writeSecrets("server.lanes = 1");
    fixture.write(QStringLiteral("home/.config/gatehouse/gatehouse.toml"), "server.port = 2");
    fixture.setVariable("HOME", fixture.path(QStringLiteral("home")).toUtf8().constData());
    LoadedSettings loaded = fixture.load();
    QCOMPARE(loaded.settings->server.port, 2);
    QCOMPARE(loaded.settings->server.lanes, 0); // The system's secrets belong to the system's file.

    fixture.write(QStringLiteral("xdg/gatehouse/secrets.toml"),
                  "server.port = 3"); // One of the two is enough.
    fixture.setVariable("XDG_CONFIG_HOME", fixture.path(QStringLiteral("xdg")).toUtf8().constData());
    QCOMPARE(fixture.load().settings->server.port, 3);

    fixture.setVariable("XDG_CONFIG_HOME", "relative"); // Ignored, as its specification wants it.
    QCOMPARE(fixture.load().settings->server.port, 2);

    fixture.setVariable("HOME", "");
    QCOMPARE(fixture.load().settings->server.port, 1);
}

void SettingsLoaderTest::tooLongFile()
{
    ConfigFixture fixture;
    const QByteArray line = "server.port = 5\n";
    fixture.writeConfig(line + QByteArray(1024 * 1024 - line.size(), '#'));
    QCOMPARE(fixture.load().settings->server.port, 5);
    fixture.writeConfig(line + QByteArray(1024 * 1024 - line.size() + 1, '#'));
    QVERIFY(joined(fixture.load().mistakes)
                .endsWith(QStringLiteral("gatehouse.toml: is longer than 1048576 bytes")));
}

void SettingsLoaderTest::secretsPermissions_data()
{
    QTest::addColumn<int>("permissions"); // As for chmod, octal digits for group and others.
    QTest::addColumn<bool>("isRefused");
    QTest::newRow("0600") << 0 << false;
    QTest::newRow("0604") << static_cast<int>(QFileDevice::ReadOther) << true;
    QTest::newRow("0602") << static_cast<int>(QFileDevice::WriteOther) << true;
    QTest::newRow("0640") << static_cast<int>(QFileDevice::ReadGroup) << false;
}

void SettingsLoaderTest::secretsPermissions()
{
    QFETCH(int, permissions);
    QFETCH(bool, isRefused);
    ConfigFixture fixture;
    const auto owner = QFileDevice::ReadOwner | QFileDevice::WriteOwner;
    const QString file = fixture.write(QStringLiteral("etc/secrets.toml"), "server.port = 5",
                                       owner | QFileDevice::Permission(permissions));
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(loaded.settings == nullptr, isRefused);
    QCOMPARE(joined(loaded.mistakes),
             isRefused
                 ? QStringLiteral("%1: holds secrets, and every user may read it: chmod o= %1").arg(file)
                 : QString());
    // root:gatehouse 0640 is how the package leaves it.
    const bool isTold = permissions == QFileDevice::ReadGroup && QFileInfo(file).ownerId() != 0;
    QCOMPARE(joined(loaded.warnings).contains(QStringLiteral("its group may read it")), isTold);
}

void SettingsLoaderTest::secretInOpenConfigIsTold_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<bool>("isTold");
    const auto row = [](const char *toml, bool isTold) {
        QTest::newRow(toml) << QByteArray(toml) << isTold;
    };
    row("server.port = 5", false);
    row("[[routes]]\nkey='a'\nurl='http://a/v1'\napi_key='k'", true);
    row("[[routes]]\nkey='a'\nurl='http://a/v1'\nheaders={X='k'}", true);
    row("[[routes]]\nkey='a'\nurl='http://a/v1'\nheaders={}", false);
    row("auth.api_key = 'k'", true);
    row("auth.demo_admin_key = 'k'", true);
    row("auth.demo_user_key = 'k'", true);
    row("auth.secret_key = '0123456789abcdef'", true);
    row("auth.key_hash_secret = '0123456789abcdef'", true);
    row("auth.secret_key = ''", false);
    row("database.url = 'postgresql://u:p@h/d'", true);
    row("database.url = 'postgresql://h/d?password=p'", true);
    row("database.url = 'sqlite:///a.db'", false);
    row("redis.url = 'redis://:p@h'", true);
    row("redis.url = 'redis://h'", false);
}

void SettingsLoaderTest::secretInOpenConfigIsTold()
{
    QFETCH(QByteArray, toml);
    QFETCH(bool, isTold);
    ConfigFixture fixture;
    fixture.write(QStringLiteral("etc/gatehouse.toml"), toml,
                  QFileDevice::ReadOwner | QFileDevice::ReadGroup | QFileDevice::ReadOther);
    const LoadedSettings loaded = fixture.load();
    QVERIFY(loaded.settings);
    QCOMPARE(joined(loaded.warnings).contains(QStringLiteral("holds secrets, and every user may read it")),
             isTold);
}

void SettingsLoaderTest::routesMergeByField()
{
    ConfigFixture fixture;
    fixture.writeConfig("upstream.read_timeout_seconds = 7\n"
                        "[[routes]]\nkey = 'box'\nurl = 'http://file/v1'\nmodels = ['m']\n"
                        "[[routes]]\nkey = 'ollama'\nkind = 'ollama'\nurl = 'http://file'\n"
                        "timeouts = { connect_seconds = 1, total_seconds = 9 }\n");
    fixture.writeSecrets("[[routes]]\nkey = 'box'\napi_key = 'hidden'\n");
    fixture.writeDotEnv("MODEL_ROUTE_BOX=http://env/v1\nMODEL_ROUTE_NEW=http://new/v1");
    fixture.setVariable("OLLAMA_BASE_URL", "http://env");
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes), QString());
    const QList<RouteSettings> &routes = loaded.settings->routes;
    QCOMPARE(routes.size(), 3);
    QCOMPARE(routes[0].key, QStringLiteral("box"));
    QCOMPARE(routes[0].url, QUrl(QStringLiteral("http://env/v1")));
    QCOMPARE(routes[0].apiKey.reveal(), QByteArray("hidden"));
    QCOMPARE(routes[0].models, QStringList{QStringLiteral("m")});
    QCOMPARE(routes[0].timeouts.read, std::chrono::milliseconds(7000));
    QVERIFY(!routes[0].timeouts.totalBoundsStreams);
    QCOMPARE(routes[1].kind, RouteKind::Ollama);
    QCOMPARE(routes[1].url, QUrl(QStringLiteral("http://env")));
    QCOMPARE(routes[1].timeouts.connect, std::chrono::milliseconds(1000));
    QCOMPARE(routes[1].timeouts.total, std::chrono::milliseconds(9000));
    QVERIFY(routes[1].timeouts.totalBoundsStreams);
    QCOMPARE(routes[2].key, QStringLiteral("new"));
    QCOMPARE(effective(loaded, QStringLiteral("routes.box.api_key")),
             QStringLiteral("******** @ ") + fixture.path(QStringLiteral("etc/secrets.toml:3")));
}

void SettingsLoaderTest::tablesAreReplacedAsAWhole()
{
    ConfigFixture fixture;
    fixture.writeConfig("model.fallback = { a = ['b'] }\n"
                        "[[routes]]\nkey = 'box'\nurl = 'http://a/v1'\nheaders = { A = 'a', B = 'b' }\n"
                        "models = { small = 's:1', big = 'b:1' }");
    fixture.writeSecrets("[[routes]]\nkey = 'box'\nheaders = { C = 'c' }\nmodels = ['small', 'other']\n");
    fixture.setVariable("GATEHOUSE_MODEL_FALLBACK", "c");
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes), QString());
    const RouteSettings &box = loaded.settings->routes.first();
    QCOMPARE(box.headers, (QList<RouteHeader>{{"C", Secret("c")}}));
    QCOMPARE(box.models, (QStringList{QStringLiteral("small"), QStringLiteral("other")}));
    QVERIFY(box.names.isEmpty());
    QCOMPARE(loaded.settings->routing.fallbacks,
             (QHash<QString, QStringList>{{QStringLiteral("*"), {QStringLiteral("c")}}}));
}

void SettingsLoaderTest::relativeFileNames()
{
    ConfigFixture fixture;
    fixture.writeConfig("server.tls_certificate = 'tls/../a.pem'\ndata_dir = '/abs'\n");
    fixture.writeDotEnv("GATEHOUSE_SERVER_TLS_KEY=b.pem\n");
    LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes), QString());
    QCOMPARE(loaded.settings->server.tlsCertificateFile, fixture.path(QStringLiteral("etc/a.pem")));
    QCOMPARE(loaded.settings->server.tlsKeyFile, fixture.path(QStringLiteral("work/b.pem")));
    QCOMPARE(loaded.settings->dataDir, QStringLiteral("/abs"));
    fixture.sources.commandLine.dataDir = QStringLiteral("here");
    QCOMPARE(fixture.load().settings->dataDir, fixture.path(QStringLiteral("work/here")));
}

void SettingsLoaderTest::dataDir_data()
{
    QTest::addColumn<QByteArray>("service");
    QTest::addColumn<QByteArray>("xdg");
    QTest::addColumn<QByteArray>("home");
    QTest::addColumn<QString>("folder");
    const auto row = [](const char *service, const char *xdg, const char *home, const char *folder) {
        QTest::newRow(folder) << QByteArray(service) << QByteArray(xdg) << QByteArray(home)
                              << QString::fromLatin1(folder);
    };
    row("/s/gatehouse:/s/other", "/x", "/h", "/s/gatehouse");
    row("", "/x", "/h", "/x/gatehouse");
    row("", "relative", "/h", "/h/.local/share/gatehouse");
    row("", "", "", "/var/lib/gatehouse");
}

void SettingsLoaderTest::dataDir()
{
    QFETCH(QByteArray, service);
    QFETCH(QByteArray, xdg);
    QFETCH(QByteArray, home);
    QFETCH(QString, folder);
    ConfigFixture fixture;
    fixture.setVariable("STATE_DIRECTORY", service.constData());
    fixture.setVariable("XDG_DATA_HOME", xdg.constData());
    fixture.setVariable("HOME", home.constData());
    QCOMPARE(fixture.load().settings->dataDir, folder);
}

// Whether there is a key is known to the database only.
void SettingsLoaderTest::lanListensEverywhere()
{
    for (const char *dotEnv : {"", "AUTH_REQUIRED=true", "API_KEY=k", "GATEHOUSE_AUTH_MODE=off"}) {
        ConfigFixture fixture;
        fixture.writeDotEnv(dotEnv);
        fixture.setVariable("GATEHOUSE_SERVER_HOST", "::1");
        fixture.sources.commandLine.lan = true;
        const LoadedSettings loaded = fixture.load();
        QCOMPARE(joined(loaded.mistakes), QString());
        QCOMPARE(effective(loaded, QStringLiteral("server.host")),
                 QStringLiteral("\"0.0.0.0\" @ command line (--lan)"));
        const bool isOpen = qstrcmp(dotEnv, "GATEHOUSE_AUTH_MODE=off") == 0;
        QCOMPARE(joined(loaded.warnings).contains(QStringLiteral("nobody needs a key")), isOpen);
    }
}

void SettingsLoaderTest::resultJoinsMistakes()
{
    ConfigFixture fixture;
    QVERIFY(fixture.load().result());
    fixture.setVariable("PORT", "a");
    fixture.setVariable("LOG_LEVEL", "b");
    const Result<SettingsPtr> result = fixture.load().result();
    QVERIFY(!result);
    QCOMPARE(result.error().code, ErrorCode::InvalidRequest);
    QCOMPARE(result.error().message.count(QChar(u'\n')), 1);
}

void SettingsLoaderTest::noSecretIsEverTold()
{
    const QByteArray hidden = "Xq7hiddenZ";
    const QList<QByteArray> dotEnvs = {"API_KEY=" + hidden,
                                       "API_KEY='" + hidden + " b'",
                                       "API_KEY=" + hidden + "\nAPI_KEY=b\nGATEHOUSE_AUTH_API_KEY=c",
                                       "OPENROUTER_SECRET='" + hidden + " b'",
                                       "OPENROUTER_SECRET=" + hidden,
                                       "SECRET_KEY=" + hidden,
                                       "SECRET_KEY '" + hidden + "'",
                                       "'" + hidden,
                                       "DATABASE_URL=postgresql://u:" + hidden + "@h/d",
                                       "DATABASE_URL=mysql://u:" + hidden + "@h/d",
                                       "REDIS_URL=redis://:" + hidden + "@h",
                                       "REDIS_URL=" + hidden,
                                       "DEMO_ADMIN_KEY=" + hidden + "\nDEMO_USER_KEY=" + hidden,
                                       "GATEHOUSE_AUTH_KEY_HASH_SECRET=" + hidden,
                                       "SECRET_KEY=changeme" + hidden,
                                       "API_KEY=" + hidden + "\nSECRET_KEY=" + hidden,
                                       "VLLM_BASE_URL=http://u:" + hidden + "@h/v1",
                                       "MODEL_ROUTE_A=http://h/v1?key=" + hidden,
                                       "GATEHOUSE_ROUTES_A_API_KEY=" + hidden,
                                       "GATEHOUSE_ROUTES_A_APIKEY=" + hidden,
                                       "GATEHOUSE_ROUTES_A_HEADERS={\"X\":\"" + hidden + "\"}",
                                       "GATEHOUSE_ROUTES_A_HEADERS={\"X\":\"" + hidden + "\\n\"}",
                                       "GATEHOUSE_ROUTES_A_HEADERS={\"Host\":\"" + hidden + "\"}",
                                       "GATEHOUSE_ROUTES_A_HEADERS='X: " + hidden + "'",
                                       "API_KEY=${" + hidden + "}"};
    const QList<QByteArray> tomls = {"auth.api_key = '" + hidden + "'",
                                     "auth.api_key = '" + hidden + " b'",
                                     "auth.api_key = ['" + hidden + "']",
                                     "auth.api_key = { x = '" + hidden + "' }",
                                     "auth.api_key = " + hidden,
                                     "auth.api_key = true" + hidden,
                                     "auth.apikey = '" + hidden + "'",
                                     "database.url = '" + hidden + "'",
                                     "redis.url = ['" + hidden + "']",
                                     "auth.secret_key = '" + hidden + "\\n'",
                                     "auth.secret_key = \"" + hidden + "\\n\"",
                                     "[[routes]]\nkey='a'\nurl='http://u:" + hidden + "@h'",
                                     "[[routes]]\nkey='a'\napi_key='" + hidden + "'",
                                     "[[routes]]\nkey='a'\nheaders={X='" + hidden + "'}",
                                     "[[routes]]\nkey='a'\nheaders={X=['" + hidden + "']}",
                                     "[[routes]]\nkey='a'\nheaders={'a b'='" + hidden + "'}",
                                     "[[routes]]\nkey='a'\nheaders={Host='" + hidden + "'}",
                                     "[[routes]]\nkey='a'\nheaders={X='" + hidden + "',x='" + hidden + "'}",
                                     "[[routes]]\nkey='a'\nheaders='" + hidden + "'",
                                     "[[routes]]\nkey='a'\nheaders=['" + hidden + "']",
                                     "[[routes]]\nkey='a'\nheaders={X=" + hidden + "}",
                                     "[[routes]]\nkey='a'\nheader={X='" + hidden + "'}",
                                     "[[routes]]\nkey='a'\napi_key='k'\nheaders={Authorization='" + hidden +
                                         "'}",
                                     "auth.api_key = \"" + hidden};
    QStringList told;
    const auto keep = [&told](const LoadedSettings &loaded) {
        told.append(joined(loaded.mistakes));
        told.append(joined(loaded.warnings));
        for (const EffectiveValue &value : loaded.values)
            told.append(value.key + value.text + describe(value.source));
        if (const auto result = loaded.result(); !result)
            told.append(result.error().message + result.error().detail);
    };
    for (const QByteArray &text : dotEnvs) {
        ConfigFixture fixture;
        fixture.writeDotEnv(text);
        keep(fixture.load());
    }
    for (const QByteArray &text : tomls) {
        ConfigFixture fixture;
        fixture.writeConfig(text);
        fixture.writeSecrets(text);
        keep(fixture.load());
    }
    for (const QString &line : told)
        QVERIFY2(!line.contains(QString::fromLatin1(hidden.sliced(3, 5)), Qt::CaseInsensitive),
                 qPrintable(line));
    QVERIFY(told.size() > 500); // The effective values were looked at, too.
}

QTEST_GUILESS_MAIN(SettingsLoaderTest)
#include "tst_settings_loader.moc"
