// SPDX-License-Identifier: GPL-3.0-or-later
#include "house.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

const QString one = QStringLiteral("one");
const QString two = QStringLiteral("two");

} // namespace

class TestRouteTable : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void onlyRouteTakesAnyModel();
    void onlyRouteWithAListTakesWhatItLists();
    void localRouteRefusesStrangers();
    void exactlyOneServer();
    void noServer();
    void severalServers();
    void namedRoute();
    void namedRouteThatIsNotThere();
    void namedRouteThatCannotList();
    void emptyModelIsTheDefaultModel();
    void aDefaultModelThatNothingServes();
    void emptyModelIsTheFirstOfTheDefaultRoute();
    void emptyModelOnANamedRoute();
    void defaultRouteBreaksTheTieOfTheDefaultModelOnly();
    void emptyModelWhenTheDefaultRouteIsDown();
    void allowList();
    void refusalsNeedFreshLists();
    void choicesComeFromOldLists();
    void aRouteThatFailedKeepsItsModels();
    void latestTag();
    void noRoutes();
    void listing();
    void listingLeavesOutWhatIsDown();
    void longNamesAreCut();
};

void TestRouteTable::onlyRouteTakesAnyModel()
{
    House house;
    house.route("box");
    QCOMPARE(said(house.decide("anything/at:all")), QStringLiteral("0:anything/at:all"));
    house.listed("box", {"other"});
    QCOMPARE(said(house.decide("anything")), QStringLiteral("0:anything"));
}

void TestRouteTable::onlyRouteWithAListTakesWhatItLists()
{
    House house;
    house.route("box", RouteKind::OpenAi, {one, two});
    QCOMPARE(said(house.decide("two")), QStringLiteral("0:two"));
    QCOMPARE(said(house.decide("three")), QStringLiteral("model_not_found"));
}

void TestRouteTable::localRouteRefusesStrangers()
{
    House house;
    house.route("local", RouteKind::Local);
    QCOMPARE(said(house.decide("gpt-4o")), QStringLiteral("ask 0"));
    house.listed("local", {"gatehouse-demo"});
    QCOMPARE(said(house.decide("gatehouse-demo")), QStringLiteral("0:gatehouse-demo"));
    const Error error = errorOf(house.decide("gpt-4o"));
    QCOMPARE(error.code, ErrorCode::ModelNotFound);
    QCOMPARE(error.message,
             QStringLiteral("The model 'gpt-4o' does not exist here; there is gatehouse-demo"));
    QCOMPARE(error.param, QByteArray("model"));
}

void TestRouteTable::exactlyOneServer()
{
    House house;
    house.route("a").route("b", RouteKind::OpenAi, {two});
    QCOMPARE(said(house.decide("two")), QStringLiteral("ask 0"));
    house.listed("a", {"one"});
    QCOMPARE(said(house.decide("two")), QStringLiteral("1:two"));
    QCOMPARE(said(house.decide("one")), QStringLiteral("0:one"));
}

void TestRouteTable::noServer()
{
    House house;
    house.route("a").route("b").listed("a", {"one"}).down("b");
    const Error error = errorOf(house.decide("two"));
    QCOMPARE(error.code, ErrorCode::ModelNotFound);
    QCOMPARE(error.message,
             QStringLiteral("The model 'two' does not exist here; there is one (no list from: b)"));
}

void TestRouteTable::severalServers()
{
    House house;
    house.route("a").route("b").listed("a", {"one"}).listed("b", {"one"});
    const Error error = errorOf(house.decide("one"));
    QCOMPARE(error.code, ErrorCode::AmbiguousModel);
    QVERIFY2(error.message.contains(QStringLiteral("(a, b)")), qPrintable(error.message));
    QCOMPARE(error.param, QByteArray("modelKey"));
}

void TestRouteTable::namedRoute()
{
    House house;
    house.route("a").route("b").listed("b", {"one"});
    QCOMPARE(said(house.decide("one", "b")), QStringLiteral("1:one"));
    QCOMPARE(said(house.decide("one", "B")), QStringLiteral("1:one"));
    QCOMPARE(said(house.decide("two", "b")), QStringLiteral("route_conflict"));
    QCOMPARE(said(house.decide("two", "a")), QStringLiteral("ask 0"));
}

void TestRouteTable::namedRouteThatIsNotThere()
{
    House house;
    house.route("a");
    const Error error = errorOf(house.decide("one", "nowhere"));
    QCOMPARE(error.code, ErrorCode::ModelNotFound);
    QCOMPARE(error.param, QByteArray("modelKey"));
}

void TestRouteTable::namedRouteThatCannotList()
{
    House house;
    house.route("a").route("b").down("b");
    QCOMPARE(said(house.decide("one", "b")), QStringLiteral("1:one"));
}

void TestRouteTable::emptyModelIsTheDefaultModel()
{
    House house;
    house.settings.model.defaultModel = two;
    house.route("a").route("b").listed("a", {"one"}).listed("b", {"two"});
    QCOMPARE(said(house.decide({})), QStringLiteral("1:two"));
}

// A kept setting may name a model of the server before this one.
void TestRouteTable::aDefaultModelThatNothingServes()
{
    House house;
    house.settings.model.defaultModel = two;
    house.route("a").route("b").listed("a", {"one"}).listed("b", {"three"});
    QCOMPARE(said(house.decide({})), QStringLiteral("0:one"));
    QCOMPARE(said(house.decide("two")), QStringLiteral("0:one"));
    QCOMPARE(said(house.decide("four")), QStringLiteral("model_not_found"));
}

void TestRouteTable::emptyModelIsTheFirstOfTheDefaultRoute()
{
    House house;
    house.route("a").route("b").listed("a", {"one", "uno"});
    QCOMPARE(said(house.decide({})), QStringLiteral("0:one"));
    house.settings.model.defaultRouteKey = QStringLiteral("b");
    QCOMPARE(said(house.decide({})), QStringLiteral("ask 1"));
    house.listed("b", {"two"});
    QCOMPARE(said(house.decide({})), QStringLiteral("1:two"));
}

void TestRouteTable::emptyModelOnANamedRoute()
{
    House house;
    house.settings.model.defaultModel = two;
    house.route("a").route("b").listed("a", {"one", "two"}).listed("b", {"three"});
    QCOMPARE(said(house.decide({}, "a")), QStringLiteral("0:two"));
    QCOMPARE(said(house.decide({}, "b")), QStringLiteral("1:three"));
}

void TestRouteTable::defaultRouteBreaksTheTieOfTheDefaultModelOnly()
{
    House house;
    house.settings.model.defaultModel = one;
    house.settings.model.defaultRouteKey = QStringLiteral("b");
    house.route("a").route("b").listed("a", {"one"}).listed("b", {"one"});
    QCOMPARE(said(house.decide({})), QStringLiteral("1:one"));
    QCOMPARE(said(house.decide("one")), QStringLiteral("ambiguous_model"));
}

void TestRouteTable::emptyModelWhenTheDefaultRouteIsDown()
{
    House house;
    house.route("a").down("a");
    QCOMPARE(said(house.decide({})), QStringLiteral("upstream_unreachable"));
    house.listed("a", {});
    QCOMPARE(said(house.decide({})), QStringLiteral("model_not_found"));
}

void TestRouteTable::allowList()
{
    House house;
    house.settings.model.allowedModels = QStringList{two};
    house.route("a").listed("a", {"one", "two"});
    QCOMPARE(said(house.decide("one")), QStringLiteral("forbidden"));
    QCOMPARE(said(house.decide("one", "a")), QStringLiteral("forbidden"));
    QCOMPARE(said(house.decide("two")), QStringLiteral("0:two"));
    QCOMPARE(said(house.decide({})), QStringLiteral("0:two"));
    QCOMPARE(house.table().listing(house.entries).models.size(), 1);
    house.settings.model.defaultModel = one;
    QCOMPARE(said(house.decide({})), QStringLiteral("forbidden"));
}

void TestRouteTable::refusalsNeedFreshLists()
{
    House house;
    house.route("a").route("b").listed("a", {"one"}).listed("b", {"one"});
    house.now += Catalogue::freshness;
    QCOMPARE(said(house.decide("one")), QStringLiteral("ask 0,1"));
    QCOMPARE(said(house.decide("two")), QStringLiteral("ask 0,1"));
    QCOMPARE(said(house.decide("two", "b")), QStringLiteral("ask 1"));
    QCOMPARE(said(house.decide("two", {}, false)), QStringLiteral("model_not_found"));
    QCOMPARE(said(house.decide("one", {}, false)), QStringLiteral("ambiguous_model"));
    QCOMPARE(said(house.decide("two", "b", false)), QStringLiteral("route_conflict"));
}

void TestRouteTable::choicesComeFromOldLists()
{
    House house;
    house.route("a").route("b").listed("a", {"one"}).listed("b", {"two"});
    house.now += 1h;
    QCOMPARE(said(house.decide("two")), QStringLiteral("1:two old"));
    QCOMPARE(said(house.decide("two", "b")), QStringLiteral("1:two old"));
    QCOMPARE(said(house.decide({})), QStringLiteral("0:one old"));
}

void TestRouteTable::aRouteThatFailedKeepsItsModels()
{
    House house;
    house.route("a").route("b").listed("a", {"one"}).listed("b", {"two"}).down("b");
    QCOMPARE(said(house.decide("two")), QStringLiteral("1:two"));
}

void TestRouteTable::latestTag()
{
    House house;
    house.settings.model.allowedModels = QStringList{QStringLiteral("llama3"), QStringLiteral("phi:latest")};
    house.route("a", RouteKind::Ollama)
        .route("b")
        .listed("a", {"llama3:latest"})
        .listed("b", {"phi", "llama3:8b"});
    QCOMPARE(said(house.decide("llama3")), QStringLiteral("0:llama3"));
    QCOMPARE(said(house.decide("llama3:latest")), QStringLiteral("0:llama3:latest"));
    QCOMPARE(said(house.decide("phi")), QStringLiteral("1:phi"));
    QCOMPARE(said(house.decide("llama3:8b")), QStringLiteral("forbidden"));
}

void TestRouteTable::noRoutes()
{
    QCOMPARE(said(House().decide("one")), QStringLiteral("model_not_found"));
    QCOMPARE(said(House().decide({})), QStringLiteral("model_not_found"));
}

void TestRouteTable::listing()
{
    House house;
    house.route("a").route("b").route("c", RouteKind::OpenAi, {two, QStringLiteral("three")});
    house.listed("a", {"one", "one"}).listed("b", {"two"});
    const ModelListing listing = house.table().listing(house.entries);
    QStringList rows;
    for (const auto &model : listing.models) {
        QStringList sources;
        for (const auto &source : model.sources)
            sources.append(QString::fromUtf8(source.routeKey));
        rows.append(QString::fromUtf8(model.info.id) + u'@' + sources.join(u'+'));
    }
    QCOMPARE(rows,
             QStringList({QStringLiteral("one@a"), QStringLiteral("two@b+c"), QStringLiteral("three@c")}));
    QVERIFY(listing.unavailable.isEmpty());
    QCOMPARE(listing.defaultModel, QByteArray("one"));
}

void TestRouteTable::listingLeavesOutWhatIsDown()
{
    House house;
    house.route("a").route("b").route("c").listed("a", {"one"}).down("a").listed("b", {"two"});
    const ModelListing listing = house.table().listing(house.entries);
    QCOMPARE(listing.models.size(), 1);
    QCOMPARE(listing.models.first().info.id, QByteArray("two"));
    QCOMPARE(listing.unavailable, QList<QByteArray>({"a", "c"}));
}

void TestRouteTable::longNamesAreCut()
{
    House house;
    house.route("local", RouteKind::Local).listed("local", {"demo"});
    const Error error = errorOf(house.decide(QByteArray(100'000, 'x')));
    QCOMPARE(error.code, ErrorCode::ModelNotFound);
    QVERIFY(error.message.size() < 300);
}

QTEST_GUILESS_MAIN(TestRouteTable)
#include "tst_route_table.moc"
