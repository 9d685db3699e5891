// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/request_reader.h"

#include <algorithm>

namespace gatehouse::fakes {

QByteArray WireRequest::header(QByteArrayView lowerCaseName) const
{
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const auto &field) { return field.first == lowerCaseName; });
    return found == headers.end() ? QByteArray() : found->second;
}

void RequestReader::feed(const QByteArray &bytes)
{
    m_bytes += bytes;
    if (m_bytes.size() > MostBytes)
        m_broken = true;
}

std::optional<WireRequest> RequestReader::next()
{
    if (m_broken || (!m_request && !readHead()))
        return {};
    if (!(m_chunked ? readChunks() : readBody()))
        return {};
    std::optional<WireRequest> complete;
    complete.swap(m_request);
    compact();
    return complete;
}

bool RequestReader::readHead()
{
    // Empty lines before a request are allowed (RFC 9112, section 2.2).
    while (m_position < m_bytes.size() && (m_bytes[m_position] == '\r' || m_bytes[m_position] == '\n'))
        ++m_position;
    const QByteArrayView rest = QByteArrayView(m_bytes).sliced(m_position);
    const qsizetype from = std::max<qsizetype>(m_scanned - m_position - 3, 0);
    qsizetype end = rest.indexOf("\r\n\r\n", from);
    qsizetype skip = 4;
    if (end < 0) {
        end = rest.indexOf("\n\n", from);
        skip = 2;
    }
    if (end < 0) {
        m_scanned = m_bytes.size();
        return false;
    }

    m_request.emplace();
    m_chunked = false;
    m_length = 0;
    const QList<QByteArray> lines = rest.first(end).toByteArray().split('\n');
    const QList<QByteArray> words = lines.first().trimmed().split(' ');
    if (words.size() != 3 || !words[2].startsWith("HTTP/1.")) {
        m_broken = true;
        return false;
    }
    m_request->method = words[0];
    const qsizetype mark = words[1].indexOf('?');
    m_request->path = mark < 0 ? words[1] : words[1].first(mark);
    m_request->query = mark < 0 ? QByteArray() : words[1].sliced(mark + 1);
    m_request->keepAlive = words[2] != "HTTP/1.0";
    for (const QByteArray &line : lines.sliced(1))
        readField(line);
    m_position += end + skip;
    return true;
}

void RequestReader::readField(QByteArrayView line)
{
    const qsizetype colon = line.indexOf(':');
    if (colon < 0)
        return;
    const QByteArray name = line.first(colon).trimmed().toByteArray().toLower();
    const QByteArray value = line.sliced(colon + 1).trimmed().toByteArray();
    if (name == "content-length")
        m_length = std::max<qsizetype>(value.toLongLong(), 0);
    else if (name == "transfer-encoding")
        m_chunked = value.toLower().contains("chunked");
    else if (name == "connection")
        m_request->keepAlive = !value.toLower().contains("close");
    m_request->headers.emplaceBack(name, value);
}

bool RequestReader::readBody()
{
    if (m_bytes.size() - m_position < m_length)
        return false;
    m_request->body = m_bytes.sliced(m_position, m_length);
    m_position += m_length;
    return true;
}

bool RequestReader::readChunks()
{
    for (;;) {
        const qsizetype start = m_position;
        const std::optional<QByteArray> line = takeLine();
        if (!line)
            return false;
        bool ok = false;
        const qsizetype size = line->split(';').first().trimmed().toLongLong(&ok, 16);
        if (!ok || size < 0) {
            m_broken = true;
            return false;
        }
        if (m_bytes.size() - m_position < size) {
            m_position = start;
            return false;
        }
        m_request->body += m_bytes.sliced(m_position, size);
        m_position += size;
        if (!takeLine()) { // a chunk's end, or, after the last one, the end of the (empty) trailer
            m_request->body.chop(size);
            m_position = start;
            return false;
        }
        if (size == 0)
            return true;
    }
}

std::optional<QByteArray> RequestReader::takeLine()
{
    const qsizetype end = m_bytes.indexOf('\n', m_position);
    if (end < 0)
        return {};
    const QByteArray line = m_bytes.sliced(m_position, end - m_position).trimmed();
    m_position = end + 1;
    return line;
}

void RequestReader::compact()
{
    m_bytes.remove(0, m_position);
    m_position = 0;
    m_scanned = 0;
}

} // namespace gatehouse::fakes
