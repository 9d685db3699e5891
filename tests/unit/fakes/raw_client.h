// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

/// A client on a plain descriptor, because Qt's sockets can't tell a reset from a FIN. Reads only when asked.
class RawClient
{
public:
    explicit RawClient(quint16 port, int receiveBuffer = 0)
        : m_descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        if (receiveBuffer > 0)
            setsockopt(m_descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof receiveBuffer);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const auto *anyAddress = reinterpret_cast<const sockaddr *>(&address);
        if (connect(m_descriptor, anyAddress, sizeof address) != 0)
            m_error = errno;
    }
    ~RawClient() { leave(); }
    RawClient(const RawClient &) = delete;
    RawClient &operator=(const RawClient &) = delete;

    void post(const QByteArray &path, const QByteArray &body, const QByteArray &wishes = {})
    {
        write("POST " + path + " HTTP/1.1\r\nHost: fake\r\nContent-Length: " +
              QByteArray::number(body.size()) + "\r\nX-Fake: " + wishes + "\r\n\r\n" + body);
    }
    void get(const QByteArray &path) { write("GET " + path + " HTTP/1.1\r\nHost: fake\r\n\r\n"); }

    /// What has come so far; a call reads 4 MiB at most, so that a sender without end is no trap.
    const QByteArray &received()
    {
        char buffer[65536];
        const qsizetype most = m_received.size() + 4 * 1024 * 1024;
        while (m_descriptor >= 0 && m_error == 0 && !m_ended && m_received.size() < most) {
            const ssize_t size = recv(m_descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
            if (size > 0)
                m_received.append(buffer, size);
            else if (size == 0)
                m_ended = true;
            else if (errno == EAGAIN)
                break;
            else
                m_error = errno;
        }
        return m_received;
    }
    QByteArray body()
    {
        const qsizetype head = received().indexOf("\r\n\r\n");
        return head < 0 ? QByteArray() : m_received.sliced(head + 4);
    }
    void forget() { m_received.clear(); }

    bool isRefused() const { return m_error == ECONNREFUSED; }
    bool isReset()
    {
        received();
        return m_error == ECONNRESET;
    }
    bool isClosed()
    {
        received();
        return m_ended || m_error != 0;
    }

    void leave() ///< FIN.
    {
        if (m_descriptor >= 0)
            close(m_descriptor);
        m_descriptor = -1;
    }

private:
    void write(const QByteArray &bytes)
    {
        if (send(m_descriptor, bytes.constData(), size_t(bytes.size()), MSG_NOSIGNAL) != bytes.size())
            m_error = errno;
    }

    int m_descriptor;
    int m_error = 0;
    bool m_ended = false;
    QByteArray m_received;
};
