// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/route_watch.h"
#include "unit/engine/recording_log.h"
#include "unit/routing/fake_backend.h"

#include <QTest>

using namespace gatehouse;

/// What the log is told of routes that come and go.
class RouteWatchTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void downAndUpAreToldOnce();
    void upIsToldOnlyWhenItIsKnown();

private:
    void list(const FakeBackend::Listed &answer)
    {
        FakeBackend backend;
        backend.answerAtOnce(answer);
        m_catalogue.probe("box", backend);
        QTRY_VERIFY([&] {
            const auto entry = m_catalogue.entries()->value("box");
            return entry && entry->failure.has_value() != answer.has_value();
        }());
        m_watch.look();
        m_watch.look();
    }
    [[nodiscard]] static SettingsPtr settings()
    {
        Settings settings;
        settings.routes = {RouteSettings{.key = QStringLiteral("box")}};
        return std::make_shared<const Settings>(settings);
    }

    const Error m_down{.code = ErrorCode::UpstreamUnreachable, .message = QStringLiteral("down")};
    TurnedClock m_clock;
    RecordingLog m_log;
    Catalogue m_catalogue{m_clock};
    RouteDirectory m_routes{settings(), m_clock};
    RouteWatch m_watch{m_routes, m_catalogue, m_log};
};

void RouteWatchTest::downAndUpAreToldOnce()
{
    m_watch.look();
    list(modelsNamed({"a"}));
    QCOMPARE(m_log.events(), QList<QByteArray>()); // To be there is nothing new.
    list(m_down);
    QCOMPARE(m_log.events(), QList<QByteArray>{"route down"});
    list(modelsNamed({"a"}));
    QCOMPARE(m_log.events(), (QList<QByteArray>{"route down", "route up"}));
}

void RouteWatchTest::upIsToldOnlyWhenItIsKnown()
{
    const QList<QByteArray> before = m_log.events();
    list(m_down);
    m_catalogue.forget("box");
    m_watch.look();
    QCOMPARE(m_log.events(), before + QList<QByteArray>{"route down"});
    list(m_down); // It never was up.
    QCOMPARE(m_log.events(), before + QList<QByteArray>{"route down"});
    m_catalogue.forget("box");
    m_watch.look();
    list(modelsNamed({"a"}));
    QCOMPARE(m_log.events(), before + (QList<QByteArray>{"route down", "route up"}));
}

QTEST_GUILESS_MAIN(RouteWatchTest)
#include "tst_route_watch.moc"
