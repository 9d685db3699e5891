// SPDX-License-Identifier: GPL-3.0-or-later
#include "load/answer_reader.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>

namespace gatehouse::bench {

namespace {

constexpr std::string_view EndOfHead = "\r\n\r\n";

std::optional<std::string> field(const std::string &lowerCaseHead, std::string_view name)
{
    const std::size_t found = lowerCaseHead.find("\r\n" + std::string(name) + ':');
    if (found == std::string::npos)
        return {};
    const std::size_t start = found + name.size() + 3;
    return lowerCaseHead.substr(start, lowerCaseHead.find("\r\n", start) - start);
}

} // namespace

void AnswerReader::reset()
{
    m_state = State::Head;
    m_line.clear();
    m_left = 0;
    m_status = 0;
}

void AnswerReader::feed(std::string_view bytes, std::string &body)
{
    while (!bytes.empty()) {
        switch (m_state) {
        case State::Head:
            bytes = readHead(bytes);
            break;
        case State::Body:
            bytes = readSized(bytes, body, State::Complete);
            break;
        case State::Chunk:
            bytes = readSized(bytes, body, State::ChunkEnd);
            break;
        case State::ChunkSize:
        case State::ChunkEnd:
        case State::Trailer:
            bytes = readLine(bytes);
            break;
        case State::UntilClose:
            body += bytes;
            return;
        case State::Complete:
        case State::Broken:
            m_state = State::Broken;
            return;
        }
    }
}

std::string_view AnswerReader::readHead(std::string_view bytes)
{
    const std::size_t before = m_line.size();
    m_line += bytes;
    const std::size_t end = m_line.find(EndOfHead);
    if (end == std::string::npos)
        return {};
    m_line.resize(end + EndOfHead.size());
    bytes.remove_prefix(m_line.size() - before);
    parseHead();
    m_line.clear();
    return bytes;
}

void AnswerReader::parseHead()
{
    std::transform(m_line.begin(), m_line.end(), m_line.begin(),
                   [](char letter) { return static_cast<char>(std::tolower(letter)); });
    m_status = m_line.starts_with("http/1.1 ") ? std::atoi(m_line.c_str() + 9) : 0;
    const std::optional<std::string> length = field(m_line, "content-length");
    const std::optional<std::string> encoding = field(m_line, "transfer-encoding");
    if (m_status == 0)
        m_state = State::Broken;
    else if (encoding && encoding->find("chunked") != std::string::npos)
        m_state = State::ChunkSize;
    else if (length) {
        m_left = std::strtoull(length->c_str(), nullptr, 10);
        m_state = m_left > 0 ? State::Body : State::Complete;
    } else
        m_state = State::UntilClose;
}

std::string_view AnswerReader::readSized(std::string_view bytes, std::string &body, State next)
{
    const std::size_t size = std::min(m_left, bytes.size());
    body += bytes.substr(0, size);
    m_left -= size;
    if (m_left == 0)
        m_state = next;
    return bytes.substr(size);
}

std::string_view AnswerReader::readLine(std::string_view bytes)
{
    const std::size_t end = bytes.find('\n');
    m_line += bytes.substr(0, end);
    if (end == bytes.npos)
        return {};
    endLine();
    m_line.clear();
    return bytes.substr(end + 1);
}

void AnswerReader::endLine()
{
    if (m_state == State::ChunkSize) {
        char *end = nullptr;
        m_left = std::strtoull(m_line.c_str(), &end, 16);
        m_state = m_left > 0 ? State::Chunk : State::Trailer;
        if (end == m_line.c_str())
            m_state = State::Broken;
    } else if (m_state == State::ChunkEnd)
        m_state = State::ChunkSize;
    else if (m_line == "\r") // an empty line ends the trailer
        m_state = State::Complete;
}

} // namespace gatehouse::bench
