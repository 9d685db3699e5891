// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/ollama/line_decoder.h"
#include "dialects/openai/event_decoder.h"
#include "dialects/sse/sse_decoder.h"

#include <QFile>

namespace gatehouse::test {

inline const QByteArray idPrefix = "call_x";

inline void appendAll(QList<ChatEvent> &events, const ChatEvents &more)
{
    for (const ChatEvent &event : more)
        events.append(event);
}

inline QList<ChatEvent> decodeSse(const QByteArrayList &pieces, int choices)
{
    sse::SseDecoder sse;
    openai::EventDecoder decoder(idPrefix, choices);
    QList<ChatEvent> events;
    for (const QByteArray &piece : pieces) {
        sse.append(piece);
        while (const auto event = sse.next())
            appendAll(events, decoder.feed(event->data));
    }
    appendAll(events, decoder.end());
    return events;
}

inline QList<ChatEvent> decodeLines(const QByteArrayList &pieces)
{
    sse::LineSplitter lines(sse::LineSplitter::Ends::Lf);
    ollama::LineDecoder decoder(idPrefix);
    QList<ChatEvent> events;
    for (const QByteArray &piece : pieces) {
        lines.append(piece);
        while (const auto line = lines.next())
            appendAll(events, decoder.feed(*line));
    }
    appendAll(events, decoder.end());
    return events;
}

/// What an upstream sent (`.sse`, `.ndjson` or `.json`) as events, read in the pieces that the network made
/// of it.
inline QList<ChatEvent> decode(const QString &file, const QByteArrayList &pieces, int choices)
{
    if (file.endsWith(QLatin1String(".sse")))
        return decodeSse(pieces, choices);
    if (file.endsWith(QLatin1String(".ndjson")))
        return decodeLines(pieces);
    openai::EventDecoder decoder(idPrefix, choices);
    QList<ChatEvent> events;
    appendAll(events, decoder.feedAnswer(pieces.join()));
    appendAll(events, decoder.end());
    return events;
}

inline QByteArray readFile(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace gatehouse::test
