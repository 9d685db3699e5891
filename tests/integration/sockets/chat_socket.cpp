// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_socket.h"

#include <QJsonDocument>
#include <QNetworkRequest>
#include <QTest>

ChatSocket::ChatSocket(quint16 port, const QByteArray &path, const QList<Header> &headers)
{
    QObject::connect(&m_socket, &QWebSocket::connected, &m_socket, [this] { m_opened = true; });
    QObject::connect(&m_socket, &QWebSocket::disconnected, &m_socket, [this] { m_closed = true; });
    QObject::connect(&m_socket, &QWebSocket::textMessageReceived, &m_socket, [this](const QString &text) {
        m_messages.append(QJsonDocument::fromJson(text.toUtf8()).object());
    });
    QNetworkRequest request(
        QUrl(QStringLiteral("ws://127.0.0.1:%1%2").arg(port).arg(QString::fromUtf8(path))));
    for (const auto &[name, value] : headers)
        request.setRawHeader(name, value);
    m_socket.open(request);
}

bool ChatSocket::isOpen()
{
    return QTest::qWaitFor([this] { return m_opened || m_closed; }, 10'000) && m_opened && !m_closed;
}

void ChatSocket::say(const QByteArray &text)
{
    if (isOpen())
        m_socket.sendTextMessage(QString::fromUtf8(text));
}

void ChatSocket::say(const QJsonObject &message)
{
    say(QJsonDocument(message).toJson(QJsonDocument::Compact));
}

QJsonObject ChatSocket::take(const std::function<bool(const QString &)> &isWanted, int milliseconds)
{
    QJsonObject found;
    (void)QTest::qWaitFor(
        [&] {
            while (!m_messages.isEmpty() && found.isEmpty()) {
                const QJsonObject message = m_messages.takeFirst();
                const QString type = message[u"type"].toString();
                if (type == u"token")
                    m_text += message[u"token"].toString();
                else if (type == u"chat_chunk")
                    m_text += message[u"data"][u"content"].toString();
                m_pieces += type == u"token" || type == u"chat_chunk";
                if (isWanted(type))
                    found = message;
            }
            return !found.isEmpty() || m_closed;
        },
        milliseconds);
    return found;
}

QJsonObject ChatSocket::next(const QString &type, int milliseconds)
{
    return take([&type](const QString &seen) { return seen == type; }, milliseconds);
}

QJsonObject ChatSocket::end(int milliseconds)
{
    return take(
        [](const QString &seen) { return seen == u"done" || seen == u"chat_complete" || seen == u"error"; },
        milliseconds);
}

int ChatSocket::closeCode(int milliseconds)
{
    return QTest::qWaitFor([this] { return m_closed; }, milliseconds) ? m_socket.closeCode() : 0;
}
