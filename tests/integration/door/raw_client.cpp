// SPDX-License-Identifier: GPL-3.0-or-later
#include "integration/door/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace gatehouse {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 10s;

} // namespace

RawClient::RawClient(quint16 port, const char *address, int receiveBuffer)
{
    sockaddr_storage storage{};
    socklen_t size = 0;
    if (auto *v6 = reinterpret_cast<sockaddr_in6 *>(&storage);
        ::inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        size = sizeof(sockaddr_in6);
    } else {
        auto *v4 = reinterpret_cast<sockaddr_in *>(&storage);
        ::inet_pton(AF_INET, address, &v4->sin_addr);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        size = sizeof(sockaddr_in);
    }
    m_fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receiveBuffer > 0)
        ::setsockopt(m_fd, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof receiveBuffer);
    if (::connect(m_fd, reinterpret_cast<sockaddr *>(&storage), size) != 0)
        close();
}

RawClient::~RawClient()
{
    close();
}

void RawClient::close()
{
    if (m_fd >= 0)
        ::close(m_fd);
    m_fd = -1;
    m_ended = true;
}

void RawClient::reset()
{
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(m_fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
}

void RawClient::shutdownWrite()
{
    ::shutdown(m_fd, SHUT_WR);
}

bool RawClient::send(QByteArrayView bytes)
{
    while (!bytes.isEmpty()) {
        const ssize_t sent = ::send(m_fd, bytes.data(), static_cast<size_t>(bytes.size()), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes = bytes.sliced(sent);
    }
    return true;
}

RawClient::Got RawClient::fill(std::chrono::milliseconds timeout)
{
    if (m_ended)
        return Got::End;
    pollfd state{.fd = m_fd, .events = POLLIN, .revents = 0};
    if (::poll(&state, 1, static_cast<int>(timeout.count())) <= 0)
        return Got::Nothing;
    std::array<char, 64 * 1024> bytes;
    const ssize_t size = ::recv(m_fd, bytes.data(), bytes.size(), 0);
    if (size <= 0) {
        m_wasReset = size < 0 && errno == ECONNRESET;
        m_ended = true;
        return Got::End;
    }
    m_buffer.append(bytes.data(), size);
    return Got::Bytes;
}

std::optional<QByteArray> RawClient::takeLine()
{
    for (;;) {
        if (const qsizetype end = m_buffer.indexOf("\r\n"); end >= 0) {
            const QByteArray line = m_buffer.left(end);
            m_buffer.remove(0, end + 2);
            return line;
        }
        if (fill(patience) != Got::Bytes)
            return {};
    }
}

bool RawClient::readBody(Answer &answer, qsizetype size)
{
    while (m_buffer.size() < size) {
        if (fill(patience) != Got::Bytes)
            return false;
    }
    answer.body.append(m_buffer.left(size));
    m_buffer.remove(0, size);
    return true;
}

bool RawClient::readChunks(Answer &answer)
{
    for (;;) {
        const auto line = takeLine();
        if (!line)
            return false;
        bool valid = false;
        const qsizetype size = line->toLongLong(&valid, 16);
        if (!valid)
            return false;
        if (size > 0 && !readBody(answer, size))
            return false;
        if (takeLine() != QByteArray())
            return false;
        if (size == 0)
            return true;
    }
}

Answer RawClient::receive(bool toHead)
{
    Answer answer;
    const auto statusLine = takeLine();
    if (!statusLine || !statusLine->startsWith("HTTP/1.1 "))
        return answer;
    for (;;) {
        const auto line = takeLine();
        if (!line)
            return answer;
        if (line->isEmpty())
            break;
        const qsizetype colon = line->indexOf(": ");
        answer.headers.add(line->left(colon), line->mid(colon + 2));
    }
    answer.status = statusLine->mid(9, 3).toInt();
    if (toHead || answer.status < 200 || answer.status == 204 || answer.status == 304) {
        answer.complete = true;
    } else if (answer.field("transfer-encoding") == "chunked") {
        answer.complete = readChunks(answer);
    } else if (const auto length = answer.headers.value("content-length")) {
        answer.complete = readBody(answer, length->toLongLong());
    } else {
        answer.body = receiveAll();
        answer.complete = m_ended && !m_wasReset;
    }
    return answer;
}

QByteArray RawClient::receiveBytes(std::chrono::milliseconds timeout, qsizetype enough)
{
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (m_buffer.size() < enough) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left <= 0ms || fill(left) != Got::Bytes)
            break;
    }
    return std::exchange(m_buffer, {});
}

QByteArray RawClient::receiveAll()
{
    while (fill(patience) == Got::Bytes) {
    }
    return std::exchange(m_buffer, {});
}

bool RawClient::isClosedWithin(std::chrono::milliseconds timeout)
{
    return m_buffer.isEmpty() && fill(timeout) == Got::End;
}

QByteArray get(const QByteArray &path, const QByteArray &more)
{
    return "GET " + path + " HTTP/1.1\r\nHost: door\r\n" + more + "\r\n";
}

QByteArray post(const QByteArray &path, const QByteArray &body, const QByteArray &more)
{
    return "POST " + path + " HTTP/1.1\r\nHost: door\r\nContent-Length: " + QByteArray::number(body.size()) +
           "\r\n" + more + "\r\n" + body;
}

} // namespace gatehouse
