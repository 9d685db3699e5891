// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/answer_writer.h"

#include <algorithm>

namespace gatehouse::fakes {

namespace {

constexpr qint64 MostPending = 256 * 1024;

QByteArray reasonPhrase(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 307:
        return "Temporary Redirect";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 429:
        return "Too Many Requests";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    default:
        return "Status";
    }
}

} // namespace

AnswerWriter::AnswerWriter(QTcpSocket &socket, const Behaviour &behaviour, bool keepAlive)
    : m_socket(socket)
    , m_pieceBytes(behaviour.chunkBytes)
    , m_gap(behaviour.drip)
    , m_chunked(behaviour.framing == Framing::Chunked)
    , m_close(behaviour.framing == Framing::Close || !keepAlive)
{}

void AnswerWriter::head(const AnswerHead &head)
{
    if (head.length < 0 && !m_close)
        m_chunked = true;
    else if (head.length >= 0)
        m_chunked = false;
    QByteArray bytes = "HTTP/1.1 " + QByteArray::number(head.status) + ' ' + reasonPhrase(head.status) +
                       "\r\nContent-Type: " + head.contentType + "\r\n" + head.moreFields;
    if (m_chunked)
        bytes += "Transfer-Encoding: chunked\r\n";
    else if (head.length >= 0)
        bytes += "Content-Length: " + QByteArray::number(head.length) + "\r\n";
    if (m_close)
        bytes += "Connection: close\r\n";
    raw(bytes + "\r\n");
}

void AnswerWriter::body(const QByteArray &bytes)
{
    if (m_pieceBytes <= 0)
        return piece(bytes);
    for (qsizetype start = 0; start < bytes.size(); start += m_pieceBytes)
        piece(bytes.sliced(start, std::min<qsizetype>(m_pieceBytes, bytes.size() - start)));
}

void AnswerWriter::piece(const QByteArray &bytes)
{
    if (bytes.isEmpty())
        return;
    raw(m_chunked ? QByteArray::number(bytes.size(), 16) + "\r\n" + bytes + "\r\n" : bytes);
}

void AnswerWriter::end()
{
    if (m_chunked)
        raw("0\r\n\r\n");
}

void AnswerWriter::raw(const QByteArray &bytes)
{
    if (m_gap.count() > 0) {
        m_dripping += bytes;
        return;
    }
    if (m_socket.state() != QAbstractSocket::ConnectedState)
        return;
    m_socket.write(bytes);
    // Each piece is a segment of its own, as far as the kernel lets it: readers must not count on whole
    // events.
    m_socket.flush();
}

bool AnswerWriter::hasRoom() const
{
    return m_socket.state() == QAbstractSocket::ConnectedState && m_socket.bytesToWrite() < MostPending &&
           m_dripping.size() < MostPending;
}

std::optional<MonotonicTime> AnswerWriter::drip(MonotonicTime now)
{
    if (m_dripping.isEmpty() || m_socket.state() != QAbstractSocket::ConnectedState)
        return {};
    if (now >= m_nextDrip) {
        m_socket.write(m_dripping.first(1));
        m_socket.flush();
        m_dripping.remove(0, 1);
        m_nextDrip = now + m_gap;
    }
    return m_nextDrip;
}

} // namespace gatehouse::fakes
