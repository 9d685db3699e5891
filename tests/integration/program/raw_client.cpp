// SPDX-License-Identifier: GPL-3.0-or-later
#include "raw_client.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

RawClient::RawClient(quint16 port, int receiveBuffer)
{
    m_descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receiveBuffer > 0)
        setsockopt(m_descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof receiveBuffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(m_descriptor, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        close();
}

RawClient::~RawClient()
{
    close();
}

bool RawClient::send(QByteArrayView bytes)
{
    while (!bytes.isEmpty()) {
        const auto sent =
            ::send(m_descriptor, bytes.data(), static_cast<std::size_t>(bytes.size()), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes = bytes.sliced(sent);
    }
    return true;
}

bool RawClient::readUntil(QByteArrayView needle, int milliseconds)
{
    QElapsedTimer clock;
    clock.start();
    while (!m_received.contains(needle)) {
        const auto left = milliseconds - clock.elapsed();
        if (left <= 0 || !readSome(static_cast<int>(left)))
            return false;
    }
    return true;
}

bool RawClient::readUntilClosed(int milliseconds)
{
    QElapsedTimer clock;
    clock.start();
    while (clock.elapsed() < milliseconds) {
        pollfd wanted{m_descriptor, POLLIN, 0};
        if (poll(&wanted, 1, static_cast<int>(milliseconds - clock.elapsed())) <= 0)
            return false;
        if (!readSome(0))
            return true;
    }
    return false;
}

bool RawClient::readSome(int milliseconds)
{
    pollfd wanted{m_descriptor, POLLIN, 0};
    if (poll(&wanted, 1, milliseconds) <= 0)
        return false;
    char buffer[65536];
    const auto got = recv(m_descriptor, buffer, sizeof buffer, 0);
    if (got <= 0)
        return false;
    m_received.append(buffer, got);
    return true;
}

void RawClient::close()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
    m_descriptor = -1;
}

void RawClient::reset()
{
    const linger now{1, 0};
    setsockopt(m_descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
}

QByteArray RawClient::post(QByteArrayView path, QByteArrayView json, QByteArrayView moreHeaders)
{
    return "POST " + path.toByteArray() +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + moreHeaders.toByteArray() +
           "Content-Length: " + QByteArray::number(json.size()) + "\r\n\r\n" + json.toByteArray();
}
