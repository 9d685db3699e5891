// SPDX-License-Identifier: GPL-3.0-or-later
#include "told_answer.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QStringDecoder>

#include <optional>

namespace {

/// The body without its chunks; nothing if its end is missing.
std::optional<QByteArray> unchunked(const QByteArray &body)
{
    QByteArray whole;
    qsizetype at = 0;
    for (;;) {
        const qsizetype lineEnd = body.indexOf("\r\n", at);
        bool ok = false;
        const qsizetype size = lineEnd < 0 ? 0 : body.mid(at, lineEnd - at).toLongLong(&ok, 16);
        at = lineEnd + 2;
        if (!ok || body.mid(at + size, 2) != "\r\n")
            return {};
        if (size == 0)
            return at + 2 == body.size() ? std::optional(whole) : std::nullopt;
        whole += body.mid(at, size);
        at += size + 2;
    }
}

bool isUtf8(const QByteArray &bytes)
{
    QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
    const QString text = decoder(bytes);
    return !decoder.hasError() && !text.isNull();
}

void takeError(const QJsonObject &json, ToldAnswer &told)
{
    told.error = json[u"error"].toObject();
    told.detail = json[u"detail"].toString().toUtf8();
    for (const QLatin1String member :
         {QLatin1String("message"), QLatin1String("type"), QLatin1String("param"), QLatin1String("code")}) {
        if (!told.error.contains(member))
            told.mistake = "the error has no member '" + QByteArray(member.data()) + "'";
    }
}

void takeChoice(const QJsonObject &json, ToldAnswer &told)
{
    for (const QJsonValue choice : json[u"choices"].toArray()) {
        for (const QLatin1String member : {QLatin1String("delta"), QLatin1String("message")})
            told.text += choice[member][u"content"].toString().toUtf8();
        told.text += choice[u"text"].toString().toUtf8();
    }
}

void takeEvent(const Door &door, const QByteArray &data, ToldAnswer &told)
{
    if (told.isComplete || !told.error.isEmpty()) {
        told.mistake = "something follows the end: " + data.left(200);
        return;
    }
    if (door.answers == Door::Answers::OpenAi && data == "[DONE]") {
        told.isComplete = true;
        return;
    }
    QJsonParseError mistake;
    const QJsonObject json = QJsonDocument::fromJson(data, &mistake).object();
    if (mistake.error != QJsonParseError::NoError || json.isEmpty())
        told.mistake = "no JSON: " + data.left(200);
    else if (json.contains(u"error"))
        takeError(json, told);
    else if (door.answers == Door::Answers::OpenAi)
        takeChoice(json, told);
    else if (json[u"type"].toString() == u"token")
        told.text += json[u"token"].toString().toUtf8();
    else
        told.isComplete = json[u"type"].toString() == u"done";
}

void takeEvents(const Door &door, const QByteArray &body, ToldAnswer &told)
{
    if (!body.endsWith("\n\n"))
        told.mistake = "cut in the middle of an event: " + body.right(200);
    for (const QByteArray &event :
         body.chopped(qMin<qsizetype>(body.size(), 2)).replace("\n\n", "\x1e").split('\x1e')) {
        if (event.startsWith(':'))
            continue;
        if (!event.startsWith("data: ") || event.contains('\n'))
            told.mistake = "no event of one line: " + event.left(200);
        else
            takeEvent(door, event.sliced(6), told);
    }
    if (!told.isComplete && told.error.isEmpty() && told.mistake.isEmpty())
        told.mistake = "cut without a word";
}

void takeFolded(const Door &door, const QByteArray &body, ToldAnswer &told)
{
    QJsonParseError mistake;
    const QJsonObject json = QJsonDocument::fromJson(body, &mistake).object();
    if (mistake.error != QJsonParseError::NoError || json.isEmpty()) {
        told.mistake = "no JSON: " + body.left(200);
        return;
    }
    if (json.contains(u"error"))
        return takeError(json, told);
    told.isComplete = true;
    if (door.answers == Door::Answers::Native)
        told.text = json[u"content"].toString().toUtf8();
    takeChoice(json, told);
    told.vectors = json[u"data"].toArray().size();
}

} // namespace

ToldAnswer readAnswer(const Door &door, const QByteArray &bytes)
{
    ToldAnswer told;
    const qsizetype headEnd = bytes.indexOf("\r\n\r\n");
    if (headEnd < 0) {
        told.mistake = "no answer: " + bytes.left(200);
        return told;
    }
    const QList<QByteArray> lines = bytes.first(headEnd).split('\n');
    told.status = lines.first().mid(9, 3).toInt();
    for (const QByteArray &line : lines.mid(1)) {
        const qsizetype colon = line.indexOf(':');
        told.headers.insert(line.left(colon).toLower(), line.mid(colon + 1).trimmed());
    }
    QByteArray body = bytes.sliced(headEnd + 4);
    if (told.headers.value("transfer-encoding") == "chunked") {
        const std::optional<QByteArray> whole = unchunked(body);
        if (!whole)
            told.mistake = "the last chunk is missing: " + body.right(200);
        body = whole.value_or(QByteArray());
    } else if (told.headers.value("content-length").toLongLong() != body.size()) {
        told.mistake = "not as long as it says";
    }
    if (!told.mistake.isEmpty())
        return told;
    if (!isUtf8(body))
        told.mistake = "no UTF-8";
    else if (told.headers.value("content-type").startsWith("text/event-stream"))
        takeEvents(door, body, told);
    else
        takeFolded(door, body, told);
    return told;
}
