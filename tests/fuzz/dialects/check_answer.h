// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/gemma/answer_encoder.h"
#include "dialects/json/document.h"
#include "dialects/native/answer_encoder.h"
#include "dialects/openai/answer_encoder.h"

#include <QList>

namespace gatehouse::fuzz {

/// Stops the fuzzer where a promise is broken, in every kind of build.
inline void require(bool promise)
{
    if (!promise)
        __builtin_trap();
}

inline void requireJson(QByteArrayView text)
{
    json::Document document;
    require(document.parse(text) == json::Document::Status::Valid);
}

/// What contract §§ 1 and 2 promise of the other dialects: every message is JSON, an event is one line, and
/// the last event ends the answer, also a cancelled one.
inline void checkNative(const QList<ChatEvent> &events)
{
    native::AnswerEncoder texts({.id = "i", .framing = native::Framing::Texts});
    native::AnswerEncoder framed({.id = "i", .framing = native::Framing::Events});
    native::AnswerEncoder folded({.id = "i"});
    gemma::AnswerEncoder gemma({.id = "i", .sessionId = "s"});
    QByteArray body;
    for (const ChatEvent &event : events) {
        const QByteArray text = texts.encode(event);
        require(framed.encode(event) == (text.isEmpty() ? QByteArray() : "data: " + text + "\n\n"));
        require(!text.contains('\n'));
        body += folded.encode(event);
        for (const QByteArray &message : {text, gemma.encode(event)}) {
            if (!message.isEmpty())
                requireJson(message);
        }
    }
    requireJson(body);
}

/// What ChatEvent promises of the order, and what contract §1 promises of both forms of an answer.
inline void checkAnswer(const QList<ChatEvent> &events)
{
    openai::AnswerEncoder streamed({.id = "i", .model = "m", .stream = true, .includeUsage = true});
    openai::AnswerEncoder folded({.id = "i", .model = "m"});
    QByteArray stream;
    QByteArray body;
    bool started = false;
    for (qsizetype i = 0; i < events.size(); ++i) {
        const ChatEvent &event = events.at(i);
        const bool isFailure = std::holds_alternative<AnswerFailed>(event);
        const bool isEnd = isFailure || std::holds_alternative<AnswerCompleted>(event);
        require(isEnd == (i == events.size() - 1));
        require(std::holds_alternative<AnswerStarted>(event) ? !std::exchange(started, true)
                                                             : started || isFailure);
        stream += streamed.encode(event);
        body += folded.encode(event);
    }
    requireJson(body);
    for (const QByteArray &line : stream.split('\n')) {
        require(line.isEmpty() || line.startsWith("data: "));
        if (!line.isEmpty() && line != "data: [DONE]")
            requireJson(QByteArrayView(line).sliced(6));
    }
    checkNative(events);
}

} // namespace gatehouse::fuzz
