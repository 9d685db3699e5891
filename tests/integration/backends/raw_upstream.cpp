// SPDX-License-Identifier: GPL-3.0-or-later
#include "raw_upstream.h"

#include <QUrl>

namespace gatehouse {

RawUpstream::RawUpstream(Handler handler)
    : m_handler(std::move(handler))
{
    connect(this, &QTcpServer::newConnection, this, &RawUpstream::accept);
    listen(QHostAddress::LocalHost);
}

RawUpstream::~RawUpstream()
{
    for (QTcpSocket *socket : findChildren<QTcpSocket *>()) {
        socket->disconnect(this);
        delete socket;
    }
}

QUrl RawUpstream::url(const char *path) const
{
    QUrl url;
    url.setScheme(QStringLiteral("http"));
    url.setHost(QStringLiteral("127.0.0.1"));
    url.setPort(serverPort());
    url.setPath(QString::fromLatin1(path));
    return url;
}

void RawUpstream::accept()
{
    while (QTcpSocket *socket = nextPendingConnection()) {
        ++accepted;
        ++open;
        connect(socket, &QTcpSocket::readyRead, this, [this, socket] { read(*socket); });
        connect(socket, &QTcpSocket::disconnected, this, [this, socket] {
            ++disconnected;
            --open;
            lastDisconnect = std::chrono::steady_clock::now();
            m_pending.remove(socket);
            socket->deleteLater();
        });
    }
}

void RawUpstream::read(QTcpSocket &socket)
{
    QByteArray &pending = m_pending[&socket];
    pending += socket.readAll();
    for (;;) {
        const qsizetype headEnd = pending.indexOf("\r\n\r\n");
        if (headEnd < 0)
            return;
        RawRequest request;
        QList<QByteArray> lines = pending.first(headEnd).replace("\r\n", "\n").split('\n');
        request.line = lines.takeFirst();
        for (const QByteArray &line : lines) {
            const qsizetype colon = line.indexOf(':');
            request.headers.insert(line.first(colon).toLower(), line.mid(colon + 1).trimmed());
        }
        const qsizetype length = request.headers.value("content-length").toLongLong();
        if (pending.size() < headEnd + 4 + length)
            return;
        lastHead = pending.first(headEnd + 2);
        request.body = pending.mid(headEnd + 4, length);
        pending.remove(0, headEnd + 4 + length);
        ++requests;
        last = request;
        const QPointer<QTcpSocket> alive(&socket);
        m_handler(socket, request);
        if (!alive || !m_pending.contains(&socket))
            return;
    }
}

QByteArray httpAnswer(const char *status, const QByteArray &body, const QByteArray &contentType,
                      const QByteArray &moreHeaders)
{
    return QByteArray("HTTP/1.1 ") + status + "\r\nContent-Type: " + contentType +
           "\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n" + moreHeaders + "\r\n" + body;
}

QByteArray chunkedHead(const QByteArray &contentType)
{
    return "HTTP/1.1 200 OK\r\nContent-Type: " + contentType + "\r\nTransfer-Encoding: chunked\r\n\r\n";
}

QByteArray chunk(const QByteArray &bytes)
{
    return QByteArray::number(bytes.size(), 16) + "\r\n" + bytes + "\r\n";
}

} // namespace gatehouse
