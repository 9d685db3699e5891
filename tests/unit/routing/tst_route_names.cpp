// SPDX-License-Identifier: GPL-3.0-or-later
// What models are called: by callers, by upstreams, in fallback lists.
#include "house.h"

#include <QTest>

using namespace gatehouse;

namespace {

const QString small = QStringLiteral("small");

QStringList shown(const QList<FallbackModel> &models)
{
    QStringList texts;
    for (const FallbackModel &model : models)
        texts.append(QString::fromUtf8(model.routeKey + '|' + model.model));
    return texts;
}

House withFallbacks(const char *model, const QStringList &list)
{
    House house;
    house.route("box").pool("farm").route("openrouter");
    house.settings.routing.fallbacks.insert(QString::fromLatin1(model), list);
    return house;
}

} // namespace

class TestRouteNames : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aRenamedModelIsAskedForByItsOwnName()
    {
        House house;
        house.route("a", RouteKind::Ollama, {small, QStringLiteral("plain")}).route("b");
        house.settings.routes.first().names.insert(small, QStringLiteral("qwen3:0.6b"));
        const RouteTable table = house.table();
        QCOMPARE(table.upstreamName(0, "small"), QByteArray("qwen3:0.6b"));
        QCOMPARE(table.upstreamName(0, "small:latest"), QByteArray("qwen3:0.6b"));
        QCOMPARE(table.upstreamName(0, "plain"), QByteArray("plain"));
        QCOMPARE(table.upstreamName(1, "small"), QByteArray("small"));
        house.listed("b", {"other"});
        QCOMPARE(said(house.decide("small")), QStringLiteral("0:small"));
        // Only what was written down is there.
        QCOMPARE(said(house.decide("qwen3:0.6b")), QStringLiteral("model_not_found"));
    }

    void whatTheUpstreamToldDescribesTheRenamedModel()
    {
        House house;
        house.route("a", RouteKind::OpenAi, {small, QStringLiteral("unlisted")});
        house.settings.routes.first().names.insert(small, QStringLiteral("big"));
        auto entry = std::make_shared<CatalogueEntry>();
        entry->setModels({{.id = "big", .created = 7, .ownedBy = "them", .contextLength = 4096}});
        entry->listed = true;
        house.entries.insert("a", entry);
        const ModelListing listing = house.table().listing(house.entries);
        QCOMPARE(listing.models.size(), 2);
        QCOMPARE(listing.models.at(0).info,
                 (ModelInfo{.id = "small", .created = 7, .ownedBy = "them", .contextLength = 4096}));
        QCOMPARE(listing.models.at(1).info, (ModelInfo{.id = "unlisted"}));
    }

    void theFirstOfTwoNamesWithAndWithoutTheTagCounts()
    {
        CatalogueEntry entry;
        entry.setModels(modelsNamed({"phi:latest", "phi", ":latest", ""}));
        QCOMPARE(entry.find("phi")->id, QByteArray("phi:latest"));
        QCOMPARE(entry.find("phi:latest")->id, QByteArray("phi:latest"));
        QVERIFY(!entry.find("phi:latest:latest"));
        QVERIFY(!entry.find("ph"));
        entry.setModels({});
        QVERIFY(!entry.find("phi"));
        QVERIFY(!entry.find({}));
    }

    void aFallbackNamesARouteOnlyWhereThereIsOne()
    {
        const House house = withFallbacks("small", {QStringLiteral("qwen3:0.6b"), QStringLiteral("big"),
                                                    QStringLiteral("openrouter:a/b:free"),
                                                    QStringLiteral("Farm:big"), QStringLiteral("BOX:big")});
        QCOMPARE(shown(house.table().fallbacks("small")),
                 QStringList({QStringLiteral("|qwen3:0.6b"), QStringLiteral("|big"),
                              QStringLiteral("openrouter|a/b:free"), QStringLiteral("farm|big"),
                              QStringLiteral("box|big")}));
    }

    void fallbacksOfTheModelItselfAreLeftOut()
    {
        const House house =
            withFallbacks("small:latest", {small, QStringLiteral("small:latest"), QStringLiteral("box:small"),
                                           QStringLiteral("big")});
        // At another route it may be well.
        QCOMPARE(shown(house.table().fallbacks("small")),
                 QStringList({QStringLiteral("box|small"), QStringLiteral("|big")}));
    }

    void aStarIsForAllWithoutAListOfTheirOwn()
    {
        House house = withFallbacks("*", {QStringLiteral("big")});
        house.settings.routing.fallbacks.insert(small, {});
        const RouteTable table = house.table();
        QCOMPARE(shown(table.fallbacks("anything")), QStringList(QStringLiteral("|big")));
        QVERIFY(table.fallbacks("small").isEmpty());
        QVERIFY(table.fallbacks("big").isEmpty());
    }

    void aModelThatNothingServesHasItsOwnListOnly()
    {
        House house = withFallbacks("*", {QStringLiteral("big")});
        house.settings.routing.fallbacks.insert(QStringLiteral("gone"), {QStringLiteral("here")});
        const RouteTable table = house.table();
        QVERIFY(table.fallbacks("misspelt", false).isEmpty());
        QCOMPARE(shown(table.fallbacks("gone", false)), QStringList(QStringLiteral("|here")));
    }

    void oddFallbacksDoNoHarm()
    {
        const House house = withFallbacks("small", {QString(), QStringLiteral(":"), QStringLiteral("box:"),
                                                    QStringLiteral(":big"), QStringLiteral("nowhere:")});
        QCOMPARE(shown(house.table().fallbacks("small")),
                 QStringList({QStringLiteral("|:"), QStringLiteral("|:big"), QStringLiteral("|nowhere:")}));
        QVERIFY(House().table().fallbacks("small").isEmpty());
    }

    void fallbacksAreBounded()
    {
        QStringList many;
        for (int i = 0; i < 100; ++i)
            many.append(QStringLiteral("m%1").arg(i));
        QCOMPARE(withFallbacks("small", many).table().fallbacks("small").size(), RouteTable::mostFallbacks);
    }
};

QTEST_GUILESS_MAIN(TestRouteNames)
#include "tst_route_names.moc"
