// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls_upstream.h"

#include <QFile>
#include <QSslSocket>
#include <QUrl>

namespace gatehouse::test {

TlsUpstream::TlsUpstream(Handler handler, const QString &certificateFile, const QString &keyFile)
    : RawUpstream(std::move(handler))
    , m_certificate(QSslCertificate::fromPath(certificateFile).value(0))
{
    QFile file(keyFile);
    if (file.open(QIODevice::ReadOnly))
        m_key = QSslKey(&file, QSsl::Ec);
}

// Each has a plain socket of its own inside, which the base class would take for one of its connections.
TlsUpstream::~TlsUpstream()
{
    for (QSslSocket *socket : findChildren<QSslSocket *>(Qt::FindDirectChildrenOnly)) {
        socket->disconnect(this);
        delete socket;
    }
}

QUrl TlsUpstream::secureUrl(const char *host) const
{
    QUrl url = this->url("/v1");
    url.setScheme(QStringLiteral("https"));
    url.setHost(QString::fromLatin1(host));
    return url;
}

void TlsUpstream::incomingConnection(qintptr descriptor)
{
    auto *socket = new QSslSocket(this);
    socket->setLocalCertificate(m_certificate);
    socket->setPrivateKey(m_key);
    socket->setSocketDescriptor(descriptor);
    socket->startServerEncryption();
    addPendingConnection(socket);
}

} // namespace gatehouse::test
