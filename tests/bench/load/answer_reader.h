// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gatehouse::bench {

/// Reads HTTP/1.1 answers from a connection's bytes: the status and the body without its framing. Knows just
/// what the measured servers send.
class AnswerReader
{
public:
    /// Takes bytes in; body bytes are appended to `body`. Nothing may follow a complete answer: the load
    /// generator never pipelines.
    void feed(std::string_view bytes, std::string &body);

    [[nodiscard]] bool isComplete() const { return m_state == State::Complete; }
    [[nodiscard]] bool isBroken() const { return m_state == State::Broken; }
    [[nodiscard]] int status() const { return m_status; }
    void reset(); ///< For the next answer.

private:
    enum class State { Head, Body, ChunkSize, Chunk, ChunkEnd, Trailer, UntilClose, Complete, Broken };

    std::string_view readHead(std::string_view bytes);
    std::string_view readSized(std::string_view bytes, std::string &body, State next);
    std::string_view readLine(std::string_view bytes);
    void parseHead();
    void endLine();

    State m_state = State::Head;
    std::string m_line; ///< The head, or a line of the chunk framing, as far as it has come.
    std::size_t m_left = 0;
    int m_status = 0;
};

} // namespace gatehouse::bench
