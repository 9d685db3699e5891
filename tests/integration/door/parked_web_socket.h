// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "integration/door/web_socket_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace gatehouse {

/// A WebSocket client that costs this process nothing but a descriptor between its messages, so that what a
/// process gains in memory is its server's.
class ParkedWebSocket
{
public:
    /// Takes over a connected socket.
    explicit ParkedWebSocket(int fd)
        : m_fd(fd)
    {}
    ~ParkedWebSocket()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    ParkedWebSocket(ParkedWebSocket &&other) noexcept
        : m_fd(std::exchange(other.m_fd, -1))
    {}
    ParkedWebSocket &operator=(ParkedWebSocket &&) = delete;

    /// Shakes hands; false if the answer was no 101.
    [[nodiscard]] bool open(const QByteArray &head = handshake("/ws/echo"))
    {
        if (!send(head))
            return false;
        QByteArray answer;
        while (!answer.endsWith("\r\n\r\n")) {
            char byte = 0;
            if (::recv(m_fd, &byte, 1, 0) != 1)
                return false;
            answer.append(byte);
        }
        return answer.startsWith("HTTP/1.1 101 ");
    }

    /// Sends bytes, and receives that many.
    [[nodiscard]] bool exchange(QByteArrayView bytes, qsizetype expected)
    {
        if (!send(bytes))
            return false;
        std::array<char, 64 * 1024> buffer;
        while (expected > 0) {
            const auto most = static_cast<size_t>(qMin<qsizetype>(expected, buffer.size()));
            const ssize_t got = ::recv(m_fd, buffer.data(), most, 0);
            if (got <= 0)
                return false;
            expected -= got;
        }
        return true;
    }

    /// Sends those bytes again and again, for as long as some are taken within `patience`: how many were.
    [[nodiscard]] qint64 sendUntilStuck(QByteArrayView bytes, std::chrono::milliseconds patience)
    {
        qint64 total = 0;
        pollfd room{.fd = m_fd, .events = POLLOUT, .revents = 0};
        while (::poll(&room, 1, static_cast<int>(patience.count())) > 0) {
            const QByteArrayView rest = bytes.sliced(total % bytes.size());
            const ssize_t sent =
                ::send(m_fd, rest.data(), static_cast<size_t>(rest.size()), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0)
                break;
            total += sent;
        }
        return total;
    }

private:
    bool send(QByteArrayView bytes)
    {
        return ::send(m_fd, bytes.data(), static_cast<size_t>(bytes.size()), MSG_NOSIGNAL) == bytes.size();
    }

    int m_fd;
};

} // namespace gatehouse
