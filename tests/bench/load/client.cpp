// SPDX-License-Identifier: GPL-3.0-or-later
#include "load/client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace gatehouse::bench {

Client::~Client()
{
    stop();
}

void Client::stop()
{
    if (m_descriptor >= 0)
        close(m_descriptor);
    m_descriptor = -1;
}

bool Client::open(int epoll, std::uint16_t port)
{
    m_descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(m_descriptor, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        return false;
    const int on = 1;
    setsockopt(m_descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP;
    event.data.ptr = this;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, m_descriptor, &event) == 0;
}

bool Client::send(const std::string &request)
{
    m_answer.reset();
    m_sentAt = Clock::now();
    const ssize_t sent = ::send(m_descriptor, request.data(), request.size(), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(request.size());
}

bool Client::read(std::string &body)
{
    std::array<char, 65536> buffer;
    const ssize_t size = recv(m_descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0)
        return errno == EAGAIN;
    if (size == 0)
        return false;
    m_answer.feed({buffer.data(), static_cast<std::size_t>(size)}, body);
    return !m_answer.isBroken();
}

std::string cheapRequest()
{
    return "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
}

std::string chatRequest(const std::string &path, const std::string &model, bool stream)
{
    const std::string body =
        "{\"model\":\"" + model +
        "\",\"messages\":[{\"role\":\"system\",\"content\":\"You are a helpful assistant.\"},"
        "{\"role\":\"user\",\"content\":\"Tell me in one paragraph what a gateway is good for.\"}],"
        "\"temperature\":0.7,\"max_tokens\":256,\"stream\":" +
        (stream ? "true}" : "false}");
    return "POST " + path +
           " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace gatehouse::bench
