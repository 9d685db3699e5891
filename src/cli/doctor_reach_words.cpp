// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/doctor_reach_words.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QHostAddress>

#include <algorithm>

namespace gatehouse {

namespace {

using Step = Finding::Step;
using Grade = Finding::Grade;

struct ReachText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::DoctorReach)
};

bool isThisMachine(const RouteSettings &route)
{
    const QString host = route.url.host();
    return host == u"localhost" || QHostAddress(host).isLoopback();
}

/// Ollama also speaks OpenAI's dialect, on the same port.
bool isProbablyOllama(const RouteSettings &route)
{
    constexpr quint16 ollamaPort = 11434;
    return route.kind == RouteKind::Ollama || portOf(route) == ollamaPort;
}

QString refused(const RouteSettings &route)
{
    QString text = ReachText::tr("Nothing listens on %1.").arg(targetOf(route)) + u' ';
    if (isProbablyOllama(route)) {
        text += ReachText::tr("Is Ollama running? \"ollama serve\" starts it.");
        if (!isThisMachine(route))
            text += u' ' + ReachText::tr("It listens to its own machine only, unless OLLAMA_HOST=0.0.0.0 is "
                                         "set where it runs.");
    } else {
        text += ReachText::tr("Is the server running, and is that its port?");
        if (!isThisMachine(route))
            text += u' ' + ReachText::tr("Many servers listen to their own machine only, unless they are "
                                         "started with \"--host 0.0.0.0\".");
    }
    if (isThisMachine(route))
        text += u' ' + ReachText::tr("Inside a container, %1 is the container itself.").arg(route.url.host());
    return text;
}

QString certificateProblem(const RouteSettings &route, const QSslError &error,
                           const QSslCertificate &certificate)
{
    const QString host = route.url.host();
    switch (error.error()) {
    case QSslError::CertificateExpired:
        return ReachText::tr("Its certificate expired on %1; it needs a new one.")
            .arg(certificate.expiryDate().date().toString(Qt::ISODate));
    case QSslError::CertificateNotYetValid:
        return ReachText::tr("Its certificate is valid only from %1 on; is this machine's clock right?")
            .arg(certificate.effectiveDate().date().toString(Qt::ISODate));
    case QSslError::SelfSignedCertificate:
    case QSslError::SelfSignedCertificateInChain:
        return ReachText::tr(
            "Its certificate is self-signed, so nobody vouches for it. Where you know that it "
            "is the server's own, add it to the certificates that this machine trusts "
            "(/usr/local/share/ca-certificates, then \"update-ca-certificates\").");
    case QSslError::UnableToGetIssuerCertificate:
    case QSslError::UnableToGetLocalIssuerCertificate:
    case QSslError::UnableToVerifyFirstCertificate:
    case QSslError::CertificateUntrusted:
        return ReachText::tr(
            "Its certificate was signed by somebody whom this machine doesn't know; add the "
            "signer's certificate to those that it trusts, or have the server send the whole "
            "chain.");
    case QSslError::HostNameMismatch:
        return ReachText::tr("Its certificate is not for \"%1\", but for %2; write one of these names in the "
                             "url.")
            .arg(host, QStringList(certificate.subjectAlternativeNames().values() +
                                   certificate.subjectInfo(QSslCertificate::CommonName))
                           .join(QStringLiteral(", ")));
    default:
        return ReachText::tr("Its certificate is not valid: %1.").arg(error.errorString());
    }
}

} // namespace

quint16 portOf(const RouteSettings &route)
{
    return static_cast<quint16>(route.url.port(route.url.scheme() == u"https" ? 443 : 80));
}

QString targetOf(const RouteSettings &route)
{
    const QString host = route.url.host();
    return QStringLiteral("%1:%2").arg(host.contains(u':') ? u'[' + host + u']' : host).arg(portOf(route));
}

Finding nameNotFound(const RouteSettings &route, QHostInfo::HostInfoError problem)
{
    const QString host = route.url.host();
    Finding finding{.step = Step::Name, .grade = Grade::Failed, .text = {}};
    if (problem == QHostInfo::HostNotFound)
        finding.text =
            ReachText::tr("There is no machine of the name \"%1\". Is it spelt right, and does this "
                          "machine's DNS know it?")
                .arg(host);
    else if (problem == QHostInfo::NoError)
        finding.text = ReachText::tr("Nobody told the address of \"%1\" within %2 s. Does this machine reach "
                                     "its DNS server?")
                           .arg(host)
                           .arg(static_cast<double>(route.timeouts.connect.count()) / 1000);
    else
        finding.text =
            ReachText::tr("The address of \"%1\" could not be found out. Does this machine reach its "
                          "DNS server?")
                .arg(host);
    return finding;
}

Finding notConnected(const RouteSettings &route, QAbstractSocket::SocketError problem, const QString &words)
{
    Finding finding{.step = Step::Connection, .grade = Grade::Failed, .text = {}};
    const QString target = targetOf(route);
    switch (problem) {
    case QAbstractSocket::ConnectionRefusedError:
        finding.text = refused(route);
        break;
    case QAbstractSocket::SocketTimeoutError:
        finding.text = ReachText::tr("%1 did not answer within %2 s. Is that machine on, and does a firewall "
                                     "drop what comes for this port?")
                           .arg(target)
                           .arg(static_cast<double>(route.timeouts.connect.count()) / 1000);
        break;
    case QAbstractSocket::NetworkError:
        finding.text = ReachText::tr("There is no way to %1 (%2). Are both machines in the same network, and "
                                     "is the address right?")
                           .arg(target, words);
        break;
    default:
        finding.text = ReachText::tr("%1 could not be connected to: %2.").arg(target, words);
    }
    return finding;
}

Finding notEncrypted(const RouteSettings &route, bool speaksPlainly, const QString &words)
{
    Finding finding{.step = Step::Encryption, .grade = Grade::Failed, .text = {}};
    if (speaksPlainly)
        finding.text = ReachText::tr("The server on %1 speaks http without encryption: write http:// instead "
                                     "of https:// in the url.")
                           .arg(targetOf(route));
    else
        finding.text = ReachText::tr("No encrypted connection to %1 (%2). Does the server speak https there?")
                           .arg(targetOf(route), words);
    return finding;
}

Finding notTrusted(const RouteSettings &route, const QList<QSslError> &errors,
                   const QSslCertificate &certificate)
{
    QStringList told;
    for (const QSslError &error : errors)
        told.append(certificateProblem(route, error, certificate));
    told.removeDuplicates();
    return {.step = Step::Encryption, .grade = Grade::Failed, .text = told.join(u' ')};
}

Finding encrypted(const QSslCertificate &certificate, const QString &protocol, const QDateTime &now)
{
    constexpr qint64 soon = 14;
    const qint64 days = now.daysTo(certificate.expiryDate());
    const QString until = certificate.expiryDate().date().toString(Qt::ISODate);
    if (days < soon)
        return {.step = Step::Encryption,
                .grade = Grade::Warning,
                .text = ReachText::tr("%1. The certificate expires soon, on %2.").arg(protocol, until)};
    return {.step = Step::Encryption,
            .text = ReachText::tr("%1, the certificate is valid until %2.").arg(protocol, until)};
}

} // namespace gatehouse
