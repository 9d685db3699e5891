// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/json/document.h"
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
}

} // namespace gatehouse::fuzz
