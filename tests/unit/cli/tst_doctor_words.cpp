// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/doctor_model_words.h"
#include "cli/doctor_reach_words.h"

#include <QDateTime>
#include <QTest>

using namespace gatehouse;

using Grade = Finding::Grade;

/// What can't be had from a server on loopback.
class DoctorWordsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void targetHasAPort_data();
    void targetHasAPort();
    void connectionProblems_data();
    void connectionProblems();
    void certificateProblems_data();
    void certificateProblems();
    void validCertificateIsFine();
    void modelToTry_data();
    void modelToTry();
    void listedModels();
    void manyModelsAreCut();
    void payment();

private:
    static RouteSettings route(const char *url, RouteKind kind = RouteKind::OpenAi)
    {
        RouteSettings route;
        route.key = QStringLiteral("box");
        route.kind = kind;
        route.url = QUrl(QString::fromLatin1(url));
        return route;
    }
};

void DoctorWordsTest::targetHasAPort_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("target");
    QTest::newRow("http") << QStringLiteral("http://box/v1") << QStringLiteral("box:80");
    QTest::newRow("https") << QStringLiteral("https://box/v1") << QStringLiteral("box:443");
    QTest::newRow("port") << QStringLiteral("https://u:p@box:8443/v1") << QStringLiteral("box:8443");
    QTest::newRow("IPv6") << QStringLiteral("http://[fd00::1]:8080/v1") << QStringLiteral("[fd00::1]:8080");
}

void DoctorWordsTest::targetHasAPort()
{
    QFETCH(const QString, url);
    QTEST(targetOf(route(url.toLatin1().constData())), "target");
}

void DoctorWordsTest::connectionProblems_data()
{
    QTest::addColumn<int>("problem");
    QTest::addColumn<QString>("words");
    QTest::newRow("unreachable") << int(QAbstractSocket::NetworkError)
                                 << QStringLiteral("There is no way to");
    QTest::newRow("silence") << int(QAbstractSocket::SocketTimeoutError) << QStringLiteral("firewall");
    QTest::newRow("else") << int(QAbstractSocket::SocketAccessError) << QStringLiteral("its own words");
}

void DoctorWordsTest::connectionProblems()
{
    QFETCH(const int, problem);
    QFETCH(const QString, words);
    const Finding finding = notConnected(route("http://box/v1"), QAbstractSocket::SocketError(problem),
                                         QStringLiteral("its own words"));
    QCOMPARE(finding.grade, Grade::Failed);
    QVERIFY2(finding.text.contains(words), qPrintable(finding.text));
    QVERIFY(finding.text.contains(QStringLiteral("box:80")));
}

void DoctorWordsTest::certificateProblems_data()
{
    QTest::addColumn<int>("problem");
    QTest::addColumn<QString>("words");
    QTest::newRow("expired") << int(QSslError::CertificateExpired) << QStringLiteral("expired on");
    QTest::newRow("too early") << int(QSslError::CertificateNotYetValid) << QStringLiteral("clock");
    QTest::newRow("self-signed") << int(QSslError::SelfSignedCertificate) << QStringLiteral("self-signed");
    QTest::newRow("own signer") << int(QSslError::SelfSignedCertificateInChain)
                                << QStringLiteral("self-signed");
    QTest::newRow("unknown signer") << int(QSslError::UnableToGetLocalIssuerCertificate)
                                    << QStringLiteral("whole chain");
    QTest::newRow("other name") << int(QSslError::HostNameMismatch) << QStringLiteral("not for \"box\"");
    QTest::newRow("else") << int(QSslError::InvalidPurpose) << QStringLiteral("purpose");
}

void DoctorWordsTest::certificateProblems()
{
    QFETCH(const int, problem);
    QFETCH(const QString, words);
    const QSslError error(static_cast<QSslError::SslError>(problem));
    const Finding finding = notTrusted(route("https://box/v1"), {error, error}, QSslCertificate());
    QCOMPARE(finding.grade, Grade::Failed);
    QVERIFY2(finding.text.contains(words), qPrintable(finding.text));
    QCOMPARE(finding.text.count(words), 1); // Once, though two certificates of a chain have it.
}

void DoctorWordsTest::validCertificateIsFine()
{
    // Valid until the hundredth year of this century, nearly; nobody has its key.
    const QSslCertificate certificate(R"(-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUZ3YZx3GT4I2faS2Qxl9bRGkhd7YwCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDYm94MCAXDTI2MTEyMTE3NTQ1NloYDzIxMDAxMDI0MTc1NDU2
WjAOMQwwCgYDVQQDDANib3gwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARLQKWa
Cg7jL7OCUlO657yKRRRNPUUrS1l7ugaNXTUg7IDncBUHQl8iy02Ubhh68dLuAkog
zgGaI44/F0dwEnXpo1MwUTAdBgNVHQ4EFgQU9NB5QafWa5IJGfbZ7RbyKFt6IX8w
HwYDVR0jBBgwFoAU9NB5QafWa5IJGfbZ7RbyKFt6IX8wDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiB4Re1URZejuR5CBjE2goodiygyN9mGZsx5yWSU
pFktLQIhAOcELSFZasBY9QTJypA4wTGHnKcLgvbxKGkFwUy7n3ia
-----END CERTIFICATE-----
)");
    QVERIFY(!certificate.isNull());
    const auto on = [&certificate](const char *day) {
        const QDate date = QDate::fromString(QString::fromLatin1(day), Qt::ISODate);
        return encrypted(certificate, QStringLiteral("TLSv1.3"), QDateTime(date, QTime(0, 0), Qt::UTC));
    };
    QCOMPARE(on("2050-01-01").grade, Grade::Ok);
    QVERIFY(on("2050-01-01").text.contains(QStringLiteral("TLSv1.3")));
    const Finding late = on(qPrintable(certificate.expiryDate().date().addDays(-13).toString(Qt::ISODate)));
    QCOMPARE(late.grade, Grade::Warning);
    QVERIFY2(late.text.contains(certificate.expiryDate().date().toString(Qt::ISODate)),
             qPrintable(late.text));
}

void DoctorWordsTest::modelToTry_data()
{
    QTest::addColumn<QStringList>("models");
    QTest::addColumn<QByteArrayList>("listed");
    QTest::addColumn<QString>("wanted");
    QTest::addColumn<QByteArray>("expected");
    const QString none;
    QTest::newRow("nothing") << QStringList() << QByteArrayList() << none << QByteArray();
    QTest::newRow("the first") << QStringList() << QByteArrayList{"a", "b"} << none << QByteArray("a");
    QTest::newRow("the default") << QStringList() << QByteArrayList{"a", "b"} << QStringLiteral("b")
                                 << QByteArray("b");
    QTest::newRow("a default that isn't there")
        << QStringList() << QByteArrayList{"a", "b"} << QStringLiteral("c") << QByteArray("a");
    QTest::newRow("one that chats") << QStringList()
                                    << QByteArrayList{"text-embedding-3-small", "Whisper-1", "gpt"} << none
                                    << QByteArray("gpt");
    QTest::newRow("none that chats") << QStringList() << QByteArrayList{"nomic-embed-text"} << none
                                     << QByteArray("nomic-embed-text");
    QTest::newRow("the route's own") << QStringList{QStringLiteral("mine"), QStringLiteral("b")}
                                     << QByteArrayList{"a", "b"} << none << QByteArray("theirs");
    QTest::newRow("the default of the route's own")
        << QStringList{QStringLiteral("mine"), QStringLiteral("b")} << QByteArrayList{"a", "b"}
        << QStringLiteral("b") << QByteArray("b");
    QTest::newRow("the default of the route's own by another tag")
        << QStringList{QStringLiteral("b"), QStringLiteral("mine")} << QByteArrayList{"b"}
        << QStringLiteral("mine:latest") << QByteArray("theirs");
}

void DoctorWordsTest::modelToTry()
{
    QFETCH(const QStringList, models);
    QFETCH(const QByteArrayList, listed);
    QFETCH(const QString, wanted);
    RouteSettings asked = route("http://box/v1");
    asked.models = models;
    asked.names = {{QStringLiteral("mine"), QStringLiteral("theirs")}};
    QList<ModelInfo> infos;
    for (const QByteArray &id : listed)
        infos.append({.id = id});
    QTEST(gatehouse::modelToTry(asked, infos, wanted), "expected");
}

void DoctorWordsTest::listedModels()
{
    RouteSettings asked = route("http://box:11434", RouteKind::Ollama);
    const QList<ModelInfo> infos{{.id = "qwen3:0.6b"}, {.id = "llama3.2:latest"}};
    QVERIFY(serves(asked, infos, QStringLiteral("llama3.2")));
    QVERIFY(!serves(asked, infos, QStringLiteral("qwen3")));
    asked.models = {QStringLiteral("llama3.2"), QStringLiteral("qwen3:0.6b")};
    QCOMPARE(modelsListed(asked, infos).grade, Grade::Ok);
    QVERIFY(!serves(asked, infos, QStringLiteral("llama3.2:1b")));
    QVERIFY(serves(asked, infos, QStringLiteral("llama3.2:latest")));
    asked.models = {QStringLiteral("qwen3")};
    const Finding finding = modelsListed(asked, infos);
    QCOMPARE(finding.grade, Grade::Warning);
    QVERIFY2(finding.text.contains(QStringLiteral("\"ollama pull\"")), qPrintable(finding.text));
}

void DoctorWordsTest::manyModelsAreCut()
{
    QList<ModelInfo> infos;
    for (int i = 0; i < 400; ++i)
        infos.append({.id = "model-" + QByteArray::number(i)});
    const QString text = modelsListed(route("https://box/v1"), infos).text;
    QVERIFY2(text.contains(QStringLiteral("400")) && text.contains(QStringLiteral("395 more")),
             qPrintable(text));
    QVERIFY(text.size() < 200);
}

void DoctorWordsTest::payment()
{
    const Error error{.code = ErrorCode::UpstreamRejected,
                      .message = QStringLiteral("Insufficient credits"),
                      .upstreamStatus = 402};
    const Finding finding = notAnswered(route("https://box/v1"), "m", error);
    QCOMPARE(finding.grade, Grade::Failed);
    QVERIFY2(finding.text.contains(QStringLiteral("no credit")), qPrintable(finding.text));
    QVERIFY(!isNoToTheQuestion(error));
}

QTEST_GUILESS_MAIN(DoctorWordsTest)
#include "tst_doctor_words.moc"
