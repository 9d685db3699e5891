// SPDX-License-Identifier: GPL-3.0-or-later
#include "integration/door/web_socket_client.h"

#include <QtEndian>

namespace gatehouse {

namespace {

constexpr char mask[4] = {0x11, 0x22, 0x33, 0x44};

} // namespace

QByteArray handshake(const QByteArray &path, const QByteArray &more)
{
    return get(path, "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                         more);
}

QByteArray encodeFrame(const Frame &frame)
{
    QByteArray bytes;
    bytes.append(static_cast<char>((frame.final ? 0x80 : 0) | frame.opcode));
    const qsizetype size = frame.payload.size();
    if (size < 126) {
        bytes.append(static_cast<char>(0x80 | size));
    } else if (size <= 0xffff) {
        bytes.append(static_cast<char>(0x80 | 126));
        const auto length = qToBigEndian<quint16>(static_cast<quint16>(size));
        bytes.append(reinterpret_cast<const char *>(&length), sizeof length);
    } else {
        bytes.append(static_cast<char>(0x80 | 127));
        const auto length = qToBigEndian<quint64>(static_cast<quint64>(size));
        bytes.append(reinterpret_cast<const char *>(&length), sizeof length);
    }
    bytes.append(mask, sizeof mask);
    QByteArray payload = frame.payload;
    char *data = payload.data();
    for (qsizetype i = 0; i < size; ++i)
        data[i] = static_cast<char>(data[i] ^ mask[i % 4]);
    return bytes + payload;
}

WebSocketClient::WebSocketClient(quint16 port, const QByteArray &head, int receiveBuffer)
    : m_client(port, "127.0.0.1", receiveBuffer)
{
    m_client.send(head);
    m_answer = m_client.receive();
}

bool WebSocketClient::fill(qsizetype size, std::chrono::steady_clock::time_point end)
{
    while (m_buffer.size() < size) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        const QByteArray more = m_client.receiveBytes(qMax(left, std::chrono::milliseconds(1)));
        if (more.isEmpty())
            return false;
        m_buffer += more;
    }
    return true;
}

Frame WebSocketClient::receive(std::chrono::milliseconds timeout)
{
    const auto end = std::chrono::steady_clock::now() + timeout;
    if (!fill(2, end))
        return {};
    qsizetype head = 2;
    qsizetype size = m_buffer[1] & 0x7f;
    if (size >= 126) {
        head = size == 126 ? 4 : 10;
        if (!fill(head, end))
            return {};
        size = head == 4 ? qFromBigEndian<quint16>(m_buffer.constData() + 2)
                         : static_cast<qsizetype>(qFromBigEndian<quint64>(m_buffer.constData() + 2));
    }
    if (!fill(head + size, end))
        return {};
    Frame frame{.opcode = m_buffer[0] & 0x0f,
                .final = (m_buffer[0] & 0x80) != 0,
                .payload = m_buffer.mid(head, size)};
    m_buffer.remove(0, head + size);
    return frame;
}

} // namespace gatehouse
