// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "load/answer_reader.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace gatehouse::bench {

using Clock = std::chrono::steady_clock;

/// One connection to the measured server, non-blocking, in an epoll set as its own address. Not movable.
class Client
{
public:
    Client() = default;
    ~Client();
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;

    [[nodiscard]] bool open(int epoll, std::uint16_t port);
    /// Sends a request in one piece; the kernel's buffer takes it.
    [[nodiscard]] bool send(const std::string &request);
    /// Reads what is there. False: the connection ended or the answer is none.
    [[nodiscard]] bool read(std::string &body);

    void stop(); ///< Closes the connection.

    [[nodiscard]] AnswerReader &answer() { return m_answer; }
    [[nodiscard]] Clock::time_point sentAt() const { return m_sentAt; }

private:
    int m_descriptor = -1;
    AnswerReader m_answer;
    Clock::time_point m_sentAt;
};

/// A request that costs any server little.
[[nodiscard]] std::string cheapRequest();
/// A chat request, complete.
[[nodiscard]] std::string chatRequest(const std::string &path, const std::string &model, bool stream);

} // namespace gatehouse::bench
