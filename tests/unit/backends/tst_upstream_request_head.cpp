// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/request_head.h"

#include <QTest>

using namespace gatehouse;

namespace {

UpstreamRequest requestFor(const char *url)
{
    UpstreamRequest request;
    request.url = QUrl(QString::fromLatin1(url));
    return request;
}

} // namespace

class TestRequestHead : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void head();
    void theAgentIsNamedOnce();
    void targets_data();
    void targets();
    void unsendable_data();
    void unsendable();
};

void TestRequestHead::head()
{
    UpstreamRequest request = requestFor("http://me:secret@box:8080/v1/x");
    request.headers = {{"Content-Type", "application/json"}};
    request.body = "{}";
    QVERIFY(isSendable(request));
    QCOMPARE(encodeRequestHead(request),
             QByteArray("POST /v1/x HTTP/1.1\r\nHost: box:8080\r\nUser-Agent: Gatehouse/" GATEHOUSE_VERSION
                        "\r\nAccept-Encoding: identity\r\nContent-Type: application/json\r\n"
                        "Content-Length: 2\r\n\r\n"));
    request.method = "GET";
    QVERIFY(!encodeRequestHead(request).contains("Content-Length"));
}

void TestRequestHead::theAgentIsNamedOnce()
{
    UpstreamRequest request = requestFor("http://box/");
    request.headers = {{"user-agent", "Mine/1"}};
    const QByteArray head = encodeRequestHead(request);
    QVERIFY(isSendable(request));
    QCOMPARE(head.toLower().count("user-agent:"), 1);
    QVERIFY(head.contains("\r\nuser-agent: Mine/1\r\n"));
}

void TestRequestHead::targets_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("host");
    const auto row = [](const char *url, const char *line, const char *host) {
        QTest::addRow("%s", url) << QByteArray(line) << QByteArray(host);
    };
    row("http://box", "POST / HTTP/1.1", "Host: box");
    row("http://box?a=b%20c", "POST /?a=b%20c HTTP/1.1", "Host: box");
    row("http://box/a%20b/%C3%BC", "POST /a%20b/%C3%BC HTTP/1.1", "Host: box");
    row("http://[::1]:9/x#y", "POST /x HTTP/1.1", "Host: [::1]:9");
    row("http://b%C3%BCcher.example/", "POST / HTTP/1.1", "Host: xn--bcher-kva.example");
}

void TestRequestHead::targets()
{
    QFETCH(const QByteArray, line);
    QFETCH(const QByteArray, host);
    const QList<QByteArray> lines = encodeRequestHead(requestFor(QTest::currentDataTag())).split('\n');
    QCOMPARE(lines.at(0).trimmed(), line);
    QCOMPARE(lines.at(1).trimmed(), host);
}

void TestRequestHead::unsendable_data()
{
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    const auto row = [](const char *what, const char *url, const char *method, const char *name,
                        const QByteArray &value) {
        QTest::addRow("%s", what) << QByteArray(url) << QByteArray(method) << QByteArray(name) << value;
    };
    row("scheme", "ftp://box/", "POST", "A", "b");
    row("no scheme", "//box/", "POST", "A", "b");
    row("no host", "http:///x", "POST", "A", "b");
    row("no method", "http://box/", "", "A", "b");
    row("method", "http://box/", "GET /x", "A", "b");
    row("no name", "http://box/", "POST", "", "b");
    row("name", "http://box/", "POST", "A:", "b");
    for (const char *own : {"Host", "content-length", "Transfer-Encoding", "Connection", "UPGRADE"})
        row(own, "http://box/", "POST", own, "1");
    row("CR", "http://box/", "POST", "A", "b\rc");
    row("LF", "http://box/", "POST", "A", "b\nc");
    row("NUL", "http://box/", "POST", "A", QByteArray("b\0c", 3));
}

void TestRequestHead::unsendable()
{
    QFETCH(const QByteArray, url);
    QFETCH(const QByteArray, method);
    QFETCH(const QByteArray, name);
    QFETCH(const QByteArray, value);
    UpstreamRequest request = requestFor(url.constData());
    request.method = method;
    request.headers.emplaceBack(name, value);
    QVERIFY(!isSendable(request));
}

QTEST_APPLESS_MAIN(TestRequestHead)
#include "tst_upstream_request_head.moc"
