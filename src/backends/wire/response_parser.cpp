// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/response_parser.h"

#include <algorithm>

namespace gatehouse {

namespace {

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

/// RFC 9110, 5.6.2.
bool isTokenCharacter(char c)
{
    return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && QByteArrayView("!#$%&'*+-.^_`|~").contains(c));
}

int hexValue(char c)
{
    if (isDigit(c))
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

} // namespace

ResponseParser::Step ResponseParser::next(QByteArrayView &input, QByteArrayView &body)
{
    for (;;) {
        if (m_state == State::Complete)
            return Step::Complete;
        if (m_state == State::Broken)
            return Step::Broken;
        if (m_state == State::Length || m_state == State::UntilClose || m_state == State::ChunkData)
            return takeBody(input, body);
        QByteArrayView line;
        if (!takeLine(input, line))
            return m_state == State::Broken ? Step::Broken : Step::NeedMore;
        switch (m_state) {
        case State::StatusLine:
            takeStatusLine(line);
            break;
        case State::Headers:
            if (!line.isEmpty())
                takeHeader(line);
            else if (finishHead())
                return Step::Head;
            break;
        case State::ChunkSize:
            takeChunkSize(line);
            break;
        case State::ChunkEnd:
            m_state = line.isEmpty() ? State::ChunkSize : State::Broken;
            break;
        case State::Trailers: // Read over.
            if (line.isEmpty())
                m_state = State::Complete;
            break;
        case State::Length:
        case State::UntilClose:
        case State::ChunkData:
        case State::Complete:
        case State::Broken:
            break;
        }
    }
}

ResponseParser::Step ResponseParser::endOfInput()
{
    m_state = m_state == State::UntilClose || m_state == State::Complete ? State::Complete : State::Broken;
    return m_state == State::Complete ? Step::Complete : Step::Broken;
}

QByteArray ResponseParser::header(QByteArrayView name) const
{
    for (const auto &[known, value] : m_headers) {
        if (known == name)
            return value;
    }
    return {};
}

// A line ends at LF; the CR before it may be missing (RFC 9112, 2.2).
bool ResponseParser::takeLine(QByteArrayView &input, QByteArrayView &line)
{
    if (std::exchange(m_lineGiven, false))
        m_line.resize(0);
    m_hasBegun = m_hasBegun || !input.isEmpty();
    const qsizetype end = input.indexOf('\n');
    const qsizetype taken = end < 0 ? input.size() : end + 1;
    m_headBytes += taken;
    if (m_headBytes > maxHeadBytes) {
        fail();
        return false;
    }
    line = input.first(end < 0 ? taken : end);
    input = input.sliced(taken);
    if (end < 0 || !m_line.isEmpty()) {
        m_line.append(line.data(), line.size());
        line = m_line;
    }
    if (end < 0)
        return false;
    m_lineGiven = true;
    if (line.endsWith('\r'))
        line.chop(1);
    return true;
}

ResponseParser::Step ResponseParser::takeBody(QByteArrayView &input, QByteArrayView &body)
{
    if (input.isEmpty())
        return Step::NeedMore;
    const qsizetype size =
        m_state == State::UntilClose ? input.size() : std::min<qsizetype>(input.size(), m_left);
    body = input.first(size);
    input = input.sliced(size);
    m_left -= size;
    if (m_left == 0 && m_state == State::Length)
        m_state = State::Complete;
    else if (m_left == 0 && m_state == State::ChunkData)
        m_state = State::ChunkEnd;
    return Step::Body;
}

/// `HTTP/1.1 200 OK`; the reason may be missing, with or without its space.
void ResponseParser::takeStatusLine(QByteArrayView line)
{
    constexpr qsizetype shortest = sizeof("HTTP/1.1 200") - 1;
    const bool isStatusLine = line.size() >= shortest && line.startsWith("HTTP/1.") && isDigit(line[7]) &&
                              line[8] == ' ' && isDigit(line[9]) && isDigit(line[10]) && isDigit(line[11]) &&
                              (line.size() == shortest || line[shortest] == ' ');
    if (!isStatusLine)
        return fail();
    m_isHttp11 = line[7] != '0';
    m_lineStatus = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    m_state = State::Headers;
}

void ResponseParser::takeHeader(QByteArrayView line)
{
    const qsizetype colon = line.indexOf(':');
    if (colon <= 0 || !std::all_of(line.begin(), line.begin() + colon, isTokenCharacter) ||
        line.contains('\0') || line.contains('\r'))
        return fail();
    m_headers.emplaceBack(line.first(colon).toByteArray().toLower(),
                          line.sliced(colon + 1).trimmed().toByteArray());
}

// False if the answer proper is still to come, or never will.
bool ResponseParser::finishHead()
{
    if (m_lineStatus < 200) {
        m_headers.clear();
        // We never ask for another protocol.
        m_state = m_lineStatus >= 100 && m_lineStatus != 101 ? State::StatusLine : State::Broken;
        return false;
    }
    m_state = framing();
    if (m_state == State::Broken)
        return false;
    m_status = m_lineStatus;
    m_keepsConnection = m_state != State::UntilClose && !hasToken("connection", "close") &&
                        (m_isHttp11 || hasToken("connection", "keep-alive"));
    m_headBytes = 0; // From here on it bounds chunk sizes and trailers.
    return true;
}

/// How the body ends (RFC 9112, 6.3).
ResponseParser::State ResponseParser::framing()
{
    QByteArray length;
    bool chunked = false;
    for (const auto &[name, value] : m_headers) {
        if (name == "transfer-encoding") {
            if (chunked || value.compare("chunked", Qt::CaseInsensitive) != 0)
                return State::Broken;
            chunked = true;
        } else if (name == "content-length") {
            constexpr qsizetype mostDigits = 18; // Fits qint64.
            if (value.isEmpty() || value.size() > mostDigits ||
                !std::all_of(value.begin(), value.end(), isDigit) || (!length.isNull() && length != value))
                return State::Broken;
            length = value;
        }
    }
    if (chunked && !length.isNull())
        return State::Broken;
    if (m_lineStatus == 204 || m_lineStatus == 304)
        return State::Complete;
    if (chunked)
        return State::ChunkSize;
    if (length.isNull())
        return State::UntilClose;
    m_left = length.toLongLong();
    return m_left > 0 ? State::Length : State::Complete;
}

/// `1a;extension`
void ResponseParser::takeChunkSize(QByteArrayView line)
{
    constexpr qsizetype mostDigits = 15; // Fits qint64.
    m_headBytes = 0;
    m_left = 0;
    qsizetype digits = 0;
    for (; digits < line.size() && hexValue(line[digits]) >= 0; ++digits) {
        if (digits == mostDigits)
            return fail();
        m_left = m_left * 16 + hexValue(line[digits]);
    }
    const QByteArrayView rest = line.sliced(digits).trimmed();
    if (digits == 0 || (!rest.isEmpty() && !rest.startsWith(';')))
        return fail();
    m_state = m_left > 0 ? State::ChunkData : State::Trailers;
}

bool ResponseParser::hasToken(QByteArrayView name, QByteArrayView token) const
{
    for (const auto &[known, value] : m_headers) {
        if (known != name)
            continue;
        for (const QByteArray &each : value.split(',')) {
            if (each.trimmed().compare(token, Qt::CaseInsensitive) == 0)
                return true;
        }
    }
    return false;
}

} // namespace gatehouse
