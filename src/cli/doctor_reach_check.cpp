// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/doctor_reach_check.h"

#include "cli/doctor_reach_words.h"

#include <QDateTime>
#include <QHostAddress>
#include <QNetworkProxy>
#include <QSslCipher>

namespace gatehouse {

using Step = Finding::Step;

DoctorReachCheck::DoctorReachCheck(const RouteSettings &route, QObject *parent)
    : QObject(parent)
    , m_route(route)
    , m_trial(route)
{
    m_socket.setProxy(QNetworkProxy::NoProxy);
    m_patience.setSingleShot(true);
    connect(&m_patience, &QTimer::timeout, this, &DoctorReachCheck::onPatienceLost);
    connect(&m_socket, &QSslSocket::connected, this, &DoctorReachCheck::onConnected);
    connect(&m_socket, &QSslSocket::encrypted, this, &DoctorReachCheck::onEncrypted);
    connect(&m_socket, &QSslSocket::errorOccurred, this, &DoctorReachCheck::onError);
    connect(&m_socket, &QSslSocket::sslErrors, this,
            [this](const QList<QSslError> &errors) { m_distrust = errors; });
}

DoctorReachCheck::~DoctorReachCheck()
{
    if (m_lookup >= 0)
        QHostInfo::abortHostLookup(m_lookup);
}

void DoctorReachCheck::start()
{
    if (QHostAddress(m_route.url.host()).isNull())
        lookUp();
    else
        connectToServer();
}

void DoctorReachCheck::lookUp()
{
    m_patience.start(m_route.timeouts.connect);
    m_lookup = QHostInfo::lookupHost(m_route.url.host(), this, &DoctorReachCheck::onLookedUp);
}

void DoctorReachCheck::onLookedUp(const QHostInfo &info)
{
    if (m_lookup < 0) // Too late.
        return;
    m_lookup = -1;
    m_patience.stop();
    if (info.error() != QHostInfo::NoError || info.addresses().isEmpty())
        return fail(nameNotFound(m_route, info.error() == QHostInfo::NoError ? QHostInfo::HostNotFound
                                                                             : info.error()));
    QStringList addresses;
    for (const QHostAddress &address : info.addresses())
        addresses.append(address.toString());
    Q_EMIT found({.step = Step::Name, .text = addresses.join(QStringLiteral(", "))});
    connectToServer();
}

void DoctorReachCheck::connectToServer()
{
    m_began = std::chrono::steady_clock::now();
    m_patience.start(m_route.timeouts.connect);
    m_socket.connectToHost(m_route.url.host(), portOf(m_route));
}

void DoctorReachCheck::onConnected()
{
    m_patience.stop();
    const auto took = std::chrono::steady_clock::now() - m_began;
    Q_EMIT found({.step = Step::Connection,
                  .text = tr("%1 took the connection after %2 ms.")
                              .arg(targetOf(m_route))
                              .arg(std::chrono::duration_cast<std::chrono::milliseconds>(took).count())});
    if (m_route.url.scheme() != u"https")
        return finishLater(true);
    m_patience.start(m_route.timeouts.connect);
    m_socket.setPeerVerifyName(m_route.url.host());
    m_socket.startClientEncryption();
}

void DoctorReachCheck::onEncrypted()
{
    m_patience.stop();
    Q_EMIT found(encrypted(m_socket.peerCertificate(), m_socket.sessionCipher().protocolString(),
                           QDateTime::currentDateTimeUtc()));
    finishLater(true);
}

void DoctorReachCheck::onError(QAbstractSocket::SocketError error)
{
    m_patience.stop();
    if (!m_distrust.isEmpty())
        fail(notTrusted(m_route, m_distrust, m_socket.peerCertificate()));
    else if (m_socket.mode() == QSslSocket::SslClientMode)
        tryPlainly(m_socket.errorString());
    else
        fail(notConnected(m_route, error, m_socket.errorString()));
}

void DoctorReachCheck::onPatienceLost()
{
    if (m_lookup >= 0) {
        QHostInfo::abortHostLookup(m_lookup);
        m_lookup = -1;
        fail(nameNotFound(m_route, QHostInfo::NoError));
    } else if (m_socket.mode() == QSslSocket::SslClientMode) {
        tryPlainly(tr("no answer in time"));
    } else {
        fail(notConnected(m_route, QAbstractSocket::SocketTimeoutError, {}));
    }
}

void DoctorReachCheck::tryPlainly(const QString &why)
{
    m_socket.disconnect(this);
    connect(&m_trial, &DoctorProtocolTrial::finished, this,
            [this, why](bool speaksPlainly) { fail(notEncrypted(m_route, speaksPlainly, why)); });
    m_trial.start();
}

void DoctorReachCheck::fail(const Finding &finding)
{
    Q_EMIT found(finding);
    finishLater(false);
}

// Whoever hears of the end may delete this, and a socket must not be deleted from its own signal.
void DoctorReachCheck::finishLater(bool isReachable)
{
    m_socket.disconnect(this);
    m_socket.abort();
    QMetaObject::invokeMethod(
        this, [this, isReachable] { Q_EMIT finished(isReachable); }, Qt::QueuedConnection);
}

} // namespace gatehouse
