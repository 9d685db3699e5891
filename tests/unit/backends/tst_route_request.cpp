// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/route_request.h"

#include <QTest>

using namespace gatehouse;

class TestRouteRequest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void urls_data();
    void urls();
    void credentials();
    void headersOfTheRouteWinOverOurs();
};

void TestRouteRequest::urls_data()
{
    QTest::addColumn<QString>("base");
    QTest::addColumn<QString>("url");
    const auto row = [](const char *base, const char *url) {
        QTest::addRow("%s", base) << QString::fromLatin1(base) << QString::fromLatin1(url);
    };
    row("http://box:8080/v1", "http://box:8080/v1/a/b");
    row("http://box:8080/v1/", "http://box:8080/v1/a/b");
    row("http://box:8080/v1//", "http://box:8080/v1/a/b");
    row("http://box", "http://box/a/b");
    row("http://box/", "http://box/a/b");
    row("https://box/x/v1?api-version=1#top", "https://box/x/v1/a/b?api-version=1");
    row("http://me:secret@[::1]:9/v1", "http://[::1]:9/v1/a/b");
    row("http://box/with%20space/v1", "http://box/with%20space/v1/a/b");
}

void TestRouteRequest::urls()
{
    QFETCH(const QString, base);
    QFETCH(const QString, url);
    RouteSettings route;
    route.url = QUrl(base);
    QCOMPARE(requestTo(route, "a/b").url.toString(QUrl::FullyEncoded), url);
}

void TestRouteRequest::credentials()
{
    using Headers = QList<std::pair<QByteArray, QByteArray>>;
    RouteSettings route;
    route.url = QUrl(QStringLiteral("http://box/v1"));
    QCOMPARE(requestTo(route, "a").headers, Headers());
    route.url.setUserInfo(QStringLiteral("me:secret"));
    QCOMPARE(requestTo(route, "a").headers, Headers({{"Authorization", "Basic bWU6c2VjcmV0"}}));
    route.apiKey = Secret("k");
    QCOMPARE(requestTo(route, "a").headers, Headers({{"Authorization", "Bearer k"}}));
}

void TestRouteRequest::headersOfTheRouteWinOverOurs()
{
    using Headers = QList<std::pair<QByteArray, QByteArray>>;
    RouteSettings route;
    route.url = QUrl(QStringLiteral("http://box/v1"));
    route.apiKey = Secret("k");
    route.headers = {{"X-Title", Secret("Gatehouse")}, {"authorization", Secret("Api-Key z")}};
    UpstreamRequest request = requestTo(route, "a");
    QCOMPARE(request.headers, Headers({{"X-Title", "Gatehouse"}, {"authorization", "Api-Key z"}}));
    addHeader(request, "X-TITLE", "ours");
    addHeader(request, "Accept", "text/plain");
    addHeader(request, "accept", "text/html");
    QCOMPARE(request.headers,
             Headers({{"X-Title", "Gatehouse"}, {"authorization", "Api-Key z"}, {"Accept", "text/plain"}}));
}

QTEST_APPLESS_MAIN(TestRouteRequest)
#include "tst_route_request.moc"
