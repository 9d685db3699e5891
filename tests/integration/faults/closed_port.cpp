// SPDX-License-Identifier: GPL-3.0-or-later
#include "closed_port.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

// Bound, so that it is taken, and not listening, so that it refuses.
ClosedPort::ClosedPort()
    : m_descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto *anyAddress = reinterpret_cast<sockaddr *>(&address);
    if (bind(m_descriptor, anyAddress, size) == 0 && getsockname(m_descriptor, anyAddress, &size) == 0)
        m_number = ntohs(address.sin_port);
}

ClosedPort::~ClosedPort()
{
    close(m_descriptor);
}
