// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/managed_route_editor.h"
#include "unit/config/config_fixture.h"

#include <QTest>

#include <optional>

using namespace gatehouse;

namespace {

ManagedRoute routeTo(const char *key, const char *url, const QString &pool = {})
{
    ManagedRoute route{.key = QString::fromLatin1(key),
                       .fields = {{QStringLiteral("url"), QString::fromLatin1(url)}}};
    if (!pool.isEmpty())
        route.fields.append({QStringLiteral("pool"), pool});
    return route;
}

} // namespace

/// Routes that are made at run time, by the sources of settings and the file alone.
class ManagedRouteEditorTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void impliedRouteIsNobodysOwn();
    void writtenRouteIsTheOperators();
    void mistakesOfOtherRoutesAreNotOnesOwn();
    void clashIsAMistakeOnlyWhereItIsMade();
    void refusedReloadIsTold();
    void failedWriteIsTakenOverAsFarAsItWent();

private:
    [[nodiscard]] Result<void> put(const ManagedRoute &route)
    {
        std::optional<Result<void>> told;
        m_editor->put(route, this, [&told](const Result<void> &outcome) { told = outcome; });
        return waitedFor(told);
    }
    [[nodiscard]] Result<void> remove(const char *key)
    {
        std::optional<Result<void>> told;
        m_editor->remove(QString::fromLatin1(key), this,
                         [&told](const Result<void> &outcome) { told = outcome; });
        return waitedFor(told);
    }
    static Result<void> waitedFor(const std::optional<Result<void>> &told)
    {
        if (!QTest::qWaitFor([&told] { return told.has_value(); }))
            return Error{.message = QStringLiteral("was not told")};
        return *told;
    }
    [[nodiscard]] QStringList kept() const
    {
        QStringList keys;
        const auto routes = readManagedRoutes(m_fixture->sources.managedRoutesFile);
        for (const ManagedRoute &route : *routes)
            keys.append(route.key);
        return keys;
    }
    void makeEditor()
    {
        m_editor = std::make_unique<ManagedRouteEditor>(m_fixture->sources, [this] {
            ++m_reloads;
            return m_takesOver;
        });
    }

    std::unique_ptr<ConfigFixture> m_fixture;
    std::unique_ptr<ManagedRouteEditor> m_editor;
    bool m_takesOver = true;
    int m_reloads = 0;
};

void ManagedRouteEditorTest::init()
{
    m_fixture = std::make_unique<ConfigFixture>();
    const QString data = m_fixture->path(QStringLiteral("data"));
    QDir().mkpath(data);
    m_fixture->setVariable("GATEHOUSE_DATA_DIR", data.toUtf8().constData());
    m_fixture->sources.managedRoutesFile = managedRoutesFile(data);
    m_takesOver = true;
    m_reloads = 0;
    makeEditor();
}

void ManagedRouteEditorTest::impliedRouteIsNobodysOwn()
{
    QCOMPARE(remove("local").error().code, ErrorCode::NotFound);
    QVERIFY(put(routeTo("local", "http://a/v1")));
    QCOMPARE(kept(), QStringList{QStringLiteral("local")});
    QVERIFY(remove("local"));
    QCOMPARE(kept(), QStringList());
    QCOMPARE(m_reloads, 2);
}

void ManagedRouteEditorTest::writtenRouteIsTheOperators()
{
    m_fixture->setVariable("MODEL_ROUTE_LOCAL", "http://mine/v1");
    makeEditor();
    QCOMPARE(put(routeTo("local", "http://a/v1")).error().code, ErrorCode::RouteConflict);
    QCOMPARE(remove("local").error().code, ErrorCode::RouteConflict);
    QCOMPARE(m_reloads, 0);
}

void ManagedRouteEditorTest::mistakesOfOtherRoutesAreNotOnesOwn()
{
    QCOMPARE(put(routeTo("box", "ftp://a")).error().param, QByteArray("url"));
    QCOMPARE(put(routeTo("box", "ftp://a")).error().code, ErrorCode::InvalidRequest);
    // By a name that begins as its own do.
    QVERIFY(writeManagedRoutes(m_fixture->sources.managedRoutesFile, {routeTo("box.eu", "ftp://a")}));
    const auto refused = put(routeTo("box", "http://a/v1"));
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::RouteConflict);
    QVERIFY(put(routeTo("box.eu", "http://eu/v1")));
    QVERIFY(put(routeTo("box", "http://a/v1")));
}

void ManagedRouteEditorTest::clashIsAMistakeOnlyWhereItIsMade()
{
    QVERIFY(put(routeTo("a", "http://a/v1", QStringLiteral("mine"))));
    m_fixture->setVariable("MODEL_ROUTE_MINE", "http://mine/v1"); // The operator's, from now on.
    makeEditor();
    const auto refused = put(routeTo("b", "http://b/v1", QStringLiteral("mine")));
    QVERIFY(!refused);
    QCOMPARE(refused.error().param, QByteArray("pool"));
    QVERIFY(put(routeTo("b", "http://b/v1")));
    QVERIFY(remove("b"));
    QVERIFY(put(routeTo("a", "http://a/v1")));
}

void ManagedRouteEditorTest::refusedReloadIsTold()
{
    m_takesOver = false;
    const auto told = put(routeTo("box", "http://a/v1"));
    QVERIFY(!told);
    QCOMPARE(told.error().code, ErrorCode::RouteConflict);
    QVERIFY(told.error().message.contains(QStringLiteral("is kept")));
    QCOMPARE(kept(), QStringList{QStringLiteral("box")});
}

void ManagedRouteEditorTest::failedWriteIsTakenOverAsFarAsItWent()
{
    QVERIFY(QDir(m_fixture->path(QStringLiteral("data"))).removeRecursively());
    QVERIFY(!put(routeTo("box", "http://a/v1")));
    QCOMPARE(m_reloads, 1);
}

QTEST_GUILESS_MAIN(ManagedRouteEditorTest)
#include "tst_managed_route_editor.moc"
