// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/local_models.h"
#include "unit/engine/recording_log.h"

#include <QSignalSpy>
#include <QTest>

using namespace gatehouse;

namespace {

constexpr int patience = 60'000;

RouteSettings demo(const char *key, const char *model)
{
    RouteSettings route{.key = QString::fromLatin1(key), .kind = RouteKind::Local};
    route.models = {QString::fromLatin1(model)};
    return route;
}

} // namespace

class LocalModelsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theServerWaitsForTheModelsOfTheStartOnly()
    {
        Settings settings;
        settings.routes = {demo("first", "one")};
        LocalModels models(settings, m_log, m_readiness);
        QSignalSpy ready(&models, &LocalModels::ready);
        QCOMPARE(m_readiness.modelsLoading.load(), 1);
        models.load();
        QTRY_COMPARE_WITH_TIMEOUT(m_readiness.modelsLoading.load(), 0, patience);
        settings.routes.append(demo("second", "two"));
        models.apply(settings);
        QCOMPARE(m_readiness.modelsLoading.load(), 0);
        const auto isToldOf = [&ready](const QByteArray &key) {
            return ready.contains(QVariantList{key});
        };
        QTRY_VERIFY_WITH_TIMEOUT(isToldOf("second"), patience);
        QVERIFY(isToldOf("first"));
        QCOMPARE(m_readiness.modelsLoading.load(), 0);
    }

    void whatIsLoadedAgainIsReadyAgain()
    {
        Settings settings;
        settings.routes = {demo("first", "one")};
        LocalModels models(settings, m_log, m_readiness);
        QSignalSpy ready(&models, &LocalModels::ready);
        models.load();
        QTRY_VERIFY_WITH_TIMEOUT(!ready.isEmpty(), patience);
        QVERIFY(models.unload("one").has_value());
        QTRY_COMPARE_WITH_TIMEOUT(models.models().first().status, QByteArray("unloaded"), patience);
        ready.clear();
        QVERIFY(models.load("one").has_value());
        QTRY_VERIFY_WITH_TIMEOUT(!ready.isEmpty(), patience);
        QCOMPARE(ready.first().first().toByteArray(), QByteArray("first"));
        QCOMPARE(m_readiness.modelsLoading.load(), 0);
    }

private:
    RecordingLog m_log;
    Readiness m_readiness;
};

QTEST_GUILESS_MAIN(LocalModelsTest)
#include "tst_local_models.moc"
