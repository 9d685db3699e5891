// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>
#include <QWebSocket>

/// One WebSocket to a Gatehouse on loopback, and all that it was told. Needs the caller's event loop; every
/// wait is bounded.
class ChatSocket
{
public:
    using Header = std::pair<QByteArray, QByteArray>;

    /// Connects; `path` with its query.
    ChatSocket(quint16 port, const QByteArray &path, const QList<Header> &headers = {});

    /// Whether the handshake has come through.
    [[nodiscard]] bool isOpen();
    /// Waits until the socket is open.
    void say(const QByteArray &text);
    void say(const QJsonObject &message);

    /// Waits for the next message of this type (its predecessors are taken, too); empty if none comes.
    [[nodiscard]] QJsonObject next(const QString &type, int milliseconds = 10'000);
    /// Waits for `done`, `chat_complete` or `error`, whichever comes first.
    [[nodiscard]] QJsonObject end(int milliseconds = 10'000);
    /// The text of the pieces (`token`, `chat_chunk`) that were taken so far; forgotten by that.
    [[nodiscard]] QString takeText() { return std::exchange(m_text, {}); }
    [[nodiscard]] int pieces() const { return m_pieces; }

    /// Waits for the close; its code, 0 if there is none.
    [[nodiscard]] int closeCode(int milliseconds = 10'000);
    [[nodiscard]] bool isClosed() const { return m_closed; }
    [[nodiscard]] QWebSocket &socket() { return m_socket; }
    [[nodiscard]] qsizetype waiting() const { return m_messages.size(); } ///< Messages not taken yet.

private:
    [[nodiscard]] QJsonObject take(const std::function<bool(const QString &)> &isWanted, int milliseconds);

    QWebSocket m_socket;
    QList<QJsonObject> m_messages;
    QString m_text;
    int m_pieces = 0;
    bool m_opened = false;
    bool m_closed = false;
};
