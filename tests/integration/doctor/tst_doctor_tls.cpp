// SPDX-License-Identifier: GPL-3.0-or-later
#include "examination.h"
#include "integration/door/tls_files.h"
#include "tls_upstream.h"

#include <QSslConfiguration>
#include <QTest>

using namespace gatehouse;
using test::Examination;
using test::examine;
using test::routeTo;
using test::TlsUpstream;

/// Servers behind TLS, rightly and wrongly.
class DoctorTlsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanup() { QSslConfiguration::setDefaultConfiguration(m_untouched); }
    void selfSignedIsNotTrusted();
    void trustedServerIsExamined();
    void wrongNameIsNotTrusted();
    void secureServerUnderHttp();

private:
    static void answer(QTcpSocket &socket, const RawRequest &request);
    [[nodiscard]] std::unique_ptr<TlsUpstream> upstream(const QString &name) const;
    void trust(const QString &name) const;

    TlsFiles m_files;
    QSslConfiguration m_untouched = QSslConfiguration::defaultConfiguration();
};

void DoctorTlsTest::initTestCase()
{
    if (!m_files.make(QStringLiteral("localhost")) || !m_files.make(QStringLiteral("elsewhere.example")))
        QSKIP("there is no openssl tool to make certificates with");
}

void DoctorTlsTest::answer(QTcpSocket &socket, const RawRequest &request)
{
    const bool isList = request.line.startsWith("GET");
    socket.write(
        httpAnswer("200 OK", isList ? R"({"object":"list","data":[{"id":"small"}]})"
                                    : R"({"model":"small","choices":[{"index":0,"message":{"role":"assistant",
                               "content":"Hi"},"finish_reason":"length"}]})"));
}

std::unique_ptr<TlsUpstream> DoctorTlsTest::upstream(const QString &name) const
{
    return std::make_unique<TlsUpstream>(&DoctorTlsTest::answer, m_files.certificate(name),
                                         m_files.key(name));
}

void DoctorTlsTest::trust(const QString &name) const
{
    QSslConfiguration configuration = m_untouched;
    configuration.addCaCertificates(QSslCertificate::fromPath(m_files.certificate(name)));
    QSslConfiguration::setDefaultConfiguration(configuration);
}

void DoctorTlsTest::selfSignedIsNotTrusted()
{
    const auto server = upstream(QStringLiteral("localhost"));
    const Examination examination = examine(routeTo(server->secureUrl()));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY2(examination.finding("encryption", "failed").contains(QStringLiteral("self-signed")),
             qPrintable(examination.text));
    QCOMPARE(server->requests, 0); // Nothing is told to a server that is not trusted.
}

void DoctorTlsTest::trustedServerIsExamined()
{
    trust(QStringLiteral("localhost"));
    const auto server = upstream(QStringLiteral("localhost"));
    const Examination examination = examine(routeTo(server->secureUrl()));
    // The certificate is valid for two days.
    QVERIFY2(examination.finding("encryption", "warning").contains(QStringLiteral("expires soon")),
             qPrintable(examination.text));
    QVERIFY2(!examination.finding("one token", "ok").isEmpty(), qPrintable(examination.text));
    QCOMPARE(examination.exitCode, int(ExitSuccess));
}

void DoctorTlsTest::wrongNameIsNotTrusted()
{
    trust(QStringLiteral("elsewhere.example"));
    const auto server = upstream(QStringLiteral("elsewhere.example"));
    const Examination examination = examine(routeTo(server->secureUrl()));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    const QString finding = examination.finding("encryption", "failed");
    QVERIFY2(finding.contains(QStringLiteral("not for \"localhost\", but for elsewhere.example")),
             qPrintable(examination.text));
    QCOMPARE(server->requests, 0);
}

void DoctorTlsTest::secureServerUnderHttp()
{
    const auto server = upstream(QStringLiteral("localhost"));
    QUrl url = server->secureUrl();
    url.setScheme(QStringLiteral("http"));
    const Examination examination = examine(routeTo(url));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY2(examination.finding("models", "failed").contains(QStringLiteral("write https://")),
             qPrintable(examination.text));
}

QTEST_GUILESS_MAIN(DoctorTlsTest)
#include "tst_doctor_tls.moc"
