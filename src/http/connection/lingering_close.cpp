// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/lingering_close.h"

#include <QSslSocket>
#include <QTcpSocket>

#include <sys/socket.h>

#include <algorithm>
#include <chrono>

namespace gatehouse {

namespace {

using namespace std::chrono_literals;

constexpr auto longestSilence = 2s;
constexpr auto longestWait = 10s;
constexpr qint64 mostBytes = 64 * 1024 * 1024;
constexpr qint64 bytesAtOnce = 256 * 1024;

qint64 pendingBytes(const QTcpSocket &socket)
{
    const auto *secure = qobject_cast<const QSslSocket *>(&socket);
    return socket.bytesToWrite() + (secure ? secure->encryptedBytesToWrite() : 0);
}

} // namespace

LingeringClose::LingeringClose(QTcpSocket &socket)
    : QObject(&socket)
    , m_socket(socket)
    , m_end(std::chrono::steady_clock::now() + longestWait)
{
    QObject::disconnect(&socket, &QTcpSocket::readyRead, nullptr, nullptr);
    socket.setReadBufferSize(bytesAtOnce);
    connect(&socket, &QTcpSocket::readyRead, this, &LingeringClose::discard);
    connect(&socket, &QTcpSocket::bytesWritten, this, &LingeringClose::shutWhenSent);
    if (auto *secure = qobject_cast<QSslSocket *>(&socket))
        connect(secure, &QSslSocket::encryptedBytesWritten, this, &LingeringClose::shutWhenSent);
    connect(&m_deadline, &Deadline::passed, this, [this] { m_socket.abort(); });
    m_deadline.set(m_end);
    shutWhenSent();
    discard();
}

void LingeringClose::shutWhenSent()
{
    if (m_shut || pendingBytes(m_socket) > 0)
        return;
    m_shut = true;
    ::shutdown(static_cast<int>(m_socket.socketDescriptor()), SHUT_WR);
    awaitMore();
}

void LingeringClose::discard()
{
    const qint64 size = m_socket.skip(bytesAtOnce);
    m_discarded += qMax<qint64>(size, 0);
    if (m_discarded > mostBytes)
        m_socket.abort();
    else if (m_shut)
        awaitMore();
}

void LingeringClose::awaitMore()
{
    m_deadline.set(std::min(std::chrono::steady_clock::now() + longestSilence, m_end));
}

} // namespace gatehouse
