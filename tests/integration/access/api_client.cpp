// SPDX-License-Identifier: GPL-3.0-or-later
#include "api_client.h"

#include "../program/raw_client.h"

#include <QJsonDocument>

namespace {

QByteArray unchunked(const QByteArray &body)
{
    QByteArray whole;
    qsizetype at = 0;
    while (at < body.size()) {
        const qsizetype lineEnd = body.indexOf("\r\n", at);
        if (lineEnd < 0)
            break;
        const qsizetype size = body.mid(at, lineEnd - at).toLongLong(nullptr, 16);
        whole += body.mid(lineEnd + 2, size);
        at = lineEnd + 2 + size + 2;
    }
    return whole;
}

ApiAnswer parsed(const QByteArray &bytes)
{
    const qsizetype headEnd = bytes.indexOf("\r\n\r\n");
    if (headEnd < 0)
        return {};
    const QList<QByteArray> lines = bytes.left(headEnd).split('\n');
    ApiAnswer answer{
        .status = lines.first().mid(9, 3).toInt(), .headers = {}, .body = bytes.mid(headEnd + 4)};
    for (const QByteArray &line : lines.mid(1)) {
        const qsizetype colon = line.indexOf(':');
        answer.headers.insert(line.left(colon).toLower(), line.mid(colon + 1).trimmed());
    }
    if (answer.headers.value("transfer-encoding") == "chunked")
        answer.body = unchunked(answer.body);
    return answer;
}

} // namespace

QJsonObject ApiAnswer::json() const
{
    return QJsonDocument::fromJson(body).object();
}

QByteArray ApiAnswer::errorCode() const
{
    return json()[u"error"][u"code"].toString().toUtf8();
}

ApiAnswer ApiClient::ask(const QByteArray &method, const QByteArray &target, const QByteArray &json) const
{
    QByteArray request =
        method + ' ' + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + m_credential;
    if (!json.isEmpty())
        request +=
            "Content-Type: application/json\r\nContent-Length: " + QByteArray::number(json.size()) + "\r\n";
    RawClient client(m_port);
    if (!client.send(request + "\r\n" + json))
        return {};
    client.readUntilClosed(30'000);
    return parsed(client.received());
}

ApiAnswer ApiClient::chat(bool stream, const QByteArray &more) const
{
    RawClient client(m_port);
    if (!client.send(chatRequest(stream, more)))
        return {};
    client.readUntilClosed(60'000);
    return parsed(client.received());
}

QByteArray ApiClient::chatRequest(bool stream, const QByteArray &more) const
{
    return RawClient::post("/v1/chat/completions",
                           R"({"model":"fake","stream":)" + QByteArray(stream ? "true" : "false") + more +
                               R"(,"messages":[{"role":"user","content":"Hello!"}]})",
                           m_credential + "Connection: close\r\n");
}

QByteArray bearer(const QByteArray &credential)
{
    return "Authorization: Bearer " + credential + "\r\n";
}

QByteArray object(std::initializer_list<QPair<QString, QJsonValue>> members)
{
    return QJsonDocument(QJsonObject(members)).toJson(QJsonDocument::Compact);
}
