// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/table/setting_spec.h"
#include "config/table/table_bindings.h"

#include <QTest>

using namespace gatehouse;

namespace {

TextTable table(const QList<std::pair<const char *, const char *>> &lines)
{
    TextTable texts;
    for (const auto &[name, text] : lines)
        texts.insert(QString::fromUtf8(name), QString::fromUtf8(text));
    return texts;
}

/// `count` lines with names and texts of their own.
TextTable longTable(int count)
{
    TextTable texts;
    for (int i = 0; i < count; ++i)
        texts.insert(QStringLiteral("n%1").arg(i), QStringLiteral("t%1").arg(i));
    return texts;
}

QStringList longList(int count)
{
    QStringList list;
    for (int i = 0; i < count; ++i)
        list.append(QStringLiteral("m%1").arg(i));
    return list;
}

SettingValue raw(const char *text)
{
    return RawText{QString::fromUtf8(text)};
}

template <typename Object>
bool accepts(const Binding<Object> &binding, const SettingValue &value)
{
    Object object;
    const SettingValue before = binding.read(object);
    const bool isAccepted = binding.assign(object, value);
    if (!isAccepted && binding.read(object) != before)
        qFatal("a refused value changed something");
    return isAccepted;
}

} // namespace

class TableBindingsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void headersAreRead();
    void badHeaders_data();
    void badHeaders();
    void boundsOfHeaders();
    void modelsAreRead();
    void badModels_data();
    void badModels();
    void boundsOfModels();
    void fallbacksAreRead();
    void badFallbacks_data();
    void badFallbacks();
    void boundsOfFallbacks();
    void refusedHeadersAreNotShown();
};

void TableBindingsTest::headersAreRead()
{
    RouteSettings route;
    QVERIFY(routeHeaders().assign(route, table({{"X-Title", "Gatehöuse"}, {"A", "b c"}})));
    QCOMPARE(route.headers, (QList<RouteHeader>{{"X-Title", Secret("Gatehöuse")}, {"A", Secret("b c")}}));
    QVERIFY(routeHeaders().read(route) == SettingValue(table({{"X-Title", "Gatehöuse"}, {"A", "b c"}})));
    QVERIFY(routeHeaders().assign(route, raw(R"( {"X-Title": "z"} )")));
    QCOMPARE(route.headers, (QList<RouteHeader>{{"X-Title", Secret("z")}}));
    QVERIFY(routeHeaders().assign(route, raw("{}")));
    QVERIFY(route.headers.isEmpty());
}

void TableBindingsTest::badHeaders_data()
{
    QTest::addColumn<SettingValue>("value");
    const auto row = [](const char *name, const SettingValue &value) {
        QTest::newRow(name) << value;
    };
    row("nothing", std::monostate{});
    row("text", QStringLiteral("X: y"));
    row("number", qint64(1));
    row("list", QStringList{QStringLiteral("X: y")});
    row("lines", raw("X: y"));
    row("JSON list", raw(R"(["X"])"));
    row("half JSON", raw(R"({"X":"y")"));
    row("JSON number", raw(R"({"X":1})"));
    row("JSON null", raw(R"({"X":null})"));
    row("JSON list as value", raw(R"({"X":["y"]})"));
    row("no name", table({{"", "y"}}));
    row("space in the name", table({{"X Y", "y"}}));
    row("colon in the name", table({{"X:", "y"}}));
    row("line end in the name", table({{"X\nHost", "y"}}));
    row("name beyond ASCII", table({{"Ä", "y"}}));
    row("empty value", table({{"X", ""}}));
    row("carriage return", table({{"X", "y\r"}}));
    row("line end", table({{"X", "y\nHost: z"}}));
    row("NUL", raw(R"({"X":"y\u0000z"})"));
    row("escape", table({{"X", "\x1b[0m"}}));
    row("twice", table({{"X-Title", "y"}, {"x-title", "y"}}));
    TextTable lists;
    lists.insert(QStringLiteral("X"), QStringList{QStringLiteral("y")});
    row("list as value", lists);
}

void TableBindingsTest::badHeaders()
{
    QFETCH(SettingValue, value);
    QVERIFY(!accepts(routeHeaders(), value));
}

void TableBindingsTest::boundsOfHeaders()
{
    QVERIFY(accepts(routeHeaders(), longTable(32)));
    QVERIFY(!accepts(routeHeaders(), longTable(33)));
    const QByteArray longest(4096, 'a');
    QVERIFY(accepts(routeHeaders(), table({{"X", longest.constData()}})));
    QVERIFY(!accepts(routeHeaders(), table({{"X", (longest + 'a').constData()}})));
    QVERIFY(!accepts(routeHeaders(), table({{longest.constData(), "y"}})));
}

void TableBindingsTest::modelsAreRead()
{
    using Names = QHash<QString, QString>;
    const Binding<RouteSettings> models = routeModels();
    RouteSettings route;
    const TextTable renames = table({{"z", "q:1"}, {"same", "same"}});
    const QStringList keys{QStringLiteral("z"), QStringLiteral("same")};
    const Names names{{QStringLiteral("z"), QStringLiteral("q:1")}};
    for (const SettingValue &value :
         {SettingValue(renames), SettingValue(QStringList{QStringLiteral("z=q:1"), QStringLiteral("same")}),
          raw("z=q:1, same"), raw(R"(["z = q:1","same=same","same"])")}) {
        QVERIFY(models.assign(route, value));
        QCOMPARE(route.models, keys);
        QCOMPARE(route.names, names);
        QVERIFY(models.read(route) == SettingValue(renames));
    }
    QVERIFY(models.assign(route, raw(R"({"a":"b=c"})"))); // Only a list's entries are taken apart.
    QCOMPARE(route.names, (Names{{QStringLiteral("a"), QStringLiteral("b=c")}}));
    QVERIFY(models.assign(route, QStringList{QStringLiteral("a"), QStringLiteral("a")}));
    QCOMPARE(route.models, QStringList{QStringLiteral("a")});
    QVERIFY(route.names.isEmpty());
    QVERIFY(models.read(route) == SettingValue(QStringList{QStringLiteral("a")}));
}

void TableBindingsTest::badModels_data()
{
    QTest::addColumn<SettingValue>("value");
    const auto row = [](const char *name, const SettingValue &value) {
        QTest::newRow(name) << value;
    };
    row("nothing", std::monostate{});
    row("text", QStringLiteral("a"));
    row("no name", table({{"", "a"}}));
    row("no name there", table({{"a", ""}}));
    row("half an entry", QStringList{QStringLiteral("a=")});
    row("other half of an entry", QStringList{QStringLiteral("=a")});
    row("one name, two meanings", QStringList{QStringLiteral("a=b"), QStringLiteral("a=c")});
    row("a name by itself and renamed", QStringList{QStringLiteral("a"), QStringLiteral("a=c")});
    row("half JSON", raw(R"({"a":"b")"));
    row("JSON number", raw(R"({"a":1})"));
    row("control character", table({{"a", "b\nc"}}));
    row("too long a name", table({{"a", QByteArray(257, 'b').constData()}}));
    TextTable lists;
    lists.insert(QStringLiteral("a"), QStringList{QStringLiteral("b")});
    row("list as value", lists);
}

void TableBindingsTest::badModels()
{
    QFETCH(SettingValue, value);
    QVERIFY(!accepts(routeModels(), value));
}

void TableBindingsTest::boundsOfModels()
{
    QVERIFY(accepts(routeModels(), longList(4096)));
    QVERIFY(!accepts(routeModels(), longList(4097)));
    QVERIFY(!accepts(routeModels(), longTable(4097)));
}

void TableBindingsTest::fallbacksAreRead()
{
    using Lists = QHash<QString, QStringList>;
    const Binding<Settings> fallbacks = modelFallbacks();
    Settings settings;
    const QStringList two{QStringLiteral("big"), QStringLiteral("openrouter:qwen/qwen3-8b")};
    for (const SettingValue &value : {SettingValue(two), raw("big, openrouter:qwen/qwen3-8b,big"),
                                      raw(R"({"*":["big","openrouter:qwen/qwen3-8b"]})")}) {
        QVERIFY(fallbacks.assign(settings, value));
        QCOMPARE(settings.routing.fallbacks, (Lists{{QStringLiteral("*"), two}}));
        QVERIFY(fallbacks.read(settings) == SettingValue(two));
    }
    TextTable byModel;
    byModel.insert(QStringLiteral("none"), QStringList());
    byModel.insert(QStringLiteral("small"), two);
    QVERIFY(fallbacks.assign(settings, byModel));
    QCOMPARE(settings.routing.fallbacks,
             (Lists{{QStringLiteral("small"), two}, {QStringLiteral("none"), {}}}));
    QVERIFY(fallbacks.read(settings) == SettingValue(byModel));
    QVERIFY(fallbacks.assign(settings, table({{"small", "big"}}))); // One may stand by itself.
    QCOMPARE(settings.routing.fallbacks, (Lists{{QStringLiteral("small"), {QStringLiteral("big")}}}));
    QVERIFY(fallbacks.assign(settings, QStringList()));
    QVERIFY(settings.routing.fallbacks.isEmpty());
}

void TableBindingsTest::badFallbacks_data()
{
    QTest::addColumn<SettingValue>("value");
    const auto row = [](const char *name, const SettingValue &value) {
        QTest::newRow(name) << value;
    };
    row("nothing", std::monostate{});
    row("text", QStringLiteral("a"));
    row("flag", true);
    row("half JSON", raw(R"({"a":["b"])"));
    row("JSON tree", raw(R"({"a":{"b":["c"]}})"));
    row("no model", table({{"", "a"}}));
    row("nothing to fall back on", table({{"a", ""}}));
    row("control character", QStringList{QStringLiteral("a\tb")});
    row("one model twice", table({{"a", "b"}, {" a", "c"}}));
}

void TableBindingsTest::badFallbacks()
{
    QFETCH(SettingValue, value);
    QVERIFY(!accepts(modelFallbacks(), value));
}

void TableBindingsTest::boundsOfFallbacks()
{
    QVERIFY(accepts(modelFallbacks(), longList(8)));
    QVERIFY(!accepts(modelFallbacks(), longList(9)));
    QVERIFY(accepts(modelFallbacks(), longTable(256)));
    QVERIFY(!accepts(modelFallbacks(), longTable(257)));
}

void TableBindingsTest::refusedHeadersAreNotShown()
{
    const Binding<RouteSettings> headers = routeHeaders();
    for (const SettingValue &value :
         {SettingValue(table({{"X", "hidden\n"}})), SettingValue(QStringLiteral("hidden")),
          SettingValue(QStringList{QStringLiteral("hidden")}), raw(R"({"X":"hidden)")}) {
        QVERIFY(!accepts(headers, value));
        const QString text = refusalText(headers.form, headers.expected, value);
        QVERIFY2(!text.contains(QStringLiteral("hidden")), qPrintable(text));
    }
}

QTEST_GUILESS_MAIN(TableBindingsTest)
#include "tst_table_bindings.moc"
