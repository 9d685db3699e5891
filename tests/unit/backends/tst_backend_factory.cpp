// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/backend_factory.h"
#include "backends/ollama_backend.h"
#include "backends/openai_backend.h"
#include "fake_http.h"

#include <QTest>

using namespace gatehouse;

class TestBackendFactory : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void kinds();
    void localRoutesAreTheCallersMatter();
};

void TestBackendFactory::kinds()
{
    FakeHttpClient http;
    RouteSettings route;
    route.kind = RouteKind::OpenAi;
    const auto openAi = makeBackend(route, http, {});
    QVERIFY(openAi);
    QVERIFY(dynamic_cast<OpenAiBackend *>(openAi->get()));
    route.kind = RouteKind::Ollama;
    const auto ollama = makeBackend(route, http, {});
    QVERIFY(ollama);
    QVERIFY(dynamic_cast<OllamaBackend *>(ollama->get()));
}

void TestBackendFactory::localRoutesAreTheCallersMatter()
{
    FakeHttpClient http;
    RouteSettings route;
    route.key = QStringLiteral("here");
    route.kind = RouteKind::Local;
    const auto none = makeBackend(route, http, {});
    QVERIFY(!none);
    QCOMPARE(none.error().code, ErrorCode::NotImplemented);
    QVERIFY(none.error().message.contains(QStringLiteral("'here'")));
    QString asked;
    const auto made = makeBackend(route, http, [&](const RouteSettings &local) {
        asked = local.key;
        return Result<std::unique_ptr<ChatBackend>>(std::make_unique<OpenAiBackend>(local, http));
    });
    QVERIFY(made);
    QCOMPARE(asked, QStringLiteral("here"));
}

QTEST_GUILESS_MAIN(TestBackendFactory)
#include "tst_backend_factory.moc"
