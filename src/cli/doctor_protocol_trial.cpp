// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/doctor_protocol_trial.h"

#include "cli/doctor_reach_words.h"

#include <QNetworkProxy>

namespace gatehouse {

DoctorProtocolTrial::DoctorProtocolTrial(const RouteSettings &route, QObject *parent)
    : QObject(parent)
    , m_route(route)
    , m_isTls(route.url.scheme() != u"https")
{
    m_socket.setProxy(QNetworkProxy::NoProxy);
    m_socket.setPeerVerifyMode(QSslSocket::VerifyNone);
    m_patience.setSingleShot(true);
    connect(&m_patience, &QTimer::timeout, this, [this] { end(false); });
    connect(&m_socket, &QSslSocket::encrypted, this, [this] { end(true); });
    connect(&m_socket, &QSslSocket::connected, this, &DoctorProtocolTrial::ask);
    connect(&m_socket, &QSslSocket::readyRead, this, &DoctorProtocolTrial::hear);
    // By a queued call: what came before a close is heard first.
    connect(
        &m_socket, &QSslSocket::errorOccurred, this, [this] { end(false); }, Qt::QueuedConnection);
}

void DoctorProtocolTrial::start()
{
    m_patience.start(m_route.timeouts.connect);
    if (m_isTls)
        m_socket.connectToHostEncrypted(m_route.url.host(), portOf(m_route));
    else
        m_socket.connectToHost(m_route.url.host(), portOf(m_route));
}

void DoctorProtocolTrial::ask()
{
    if (!m_isTls)
        m_socket.write("HEAD / HTTP/1.1\r\nHost: " + m_route.url.host().toUtf8() +
                       "\r\nConnection: close\r\n\r\n");
}

void DoctorProtocolTrial::hear()
{
    static const QByteArray sign = "HTTP/1.";
    m_heard += m_socket.read(sign.size() - m_heard.size());
    if (!m_isTls && m_heard.size() == sign.size())
        end(m_heard == sign);
}

void DoctorProtocolTrial::end(bool speaksTheOther)
{
    if (m_isOver)
        return;
    m_isOver = true;
    m_patience.stop();
    m_socket.disconnect(this);
    m_socket.abort();
    // Whoever hears of it may delete this, and a socket must not be deleted from its own signal.
    QMetaObject::invokeMethod(
        this, [this, speaksTheOther] { Q_EMIT finished(speaksTheOther); }, Qt::QueuedConnection);
}

} // namespace gatehouse
