// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_request.h"
#include "chat/chat_stream.h"

#include <QObject>

namespace gatehouse {

/// The events of one answer, each as a short word: `start(model)`, `text(…)`, `think(…)`, `call(…)`,
/// `vector(index:values)`, `finish(reason)`, `usage(prompt+completion)`, `done`, `fail(code)`.
class EventLog : public QObject
{
public:
    explicit EventLog(ChatStreamPtr opened)
        : stream(std::move(opened))
    {
        connect(stream.get(), &ChatStream::event, this, [this](const ChatEvent &event) {
            words.append(std::visit([this](const auto &each) { return word(each); }, event));
        });
    }

    ChatStreamPtr stream;
    QList<QByteArray> words;
    Error error;

    [[nodiscard]] QByteArray story() const { return words.join(' '); }
    [[nodiscard]] bool isOver() const
    {
        return !words.isEmpty() && (words.last() == "done" || words.last().startsWith("fail"));
    }

private:
    static QByteArray word(const AnswerStarted &event) { return "start(" + event.model + ')'; }
    static QByteArray word(const TextDelta &event) { return "text(" + event.text + ')'; }
    static QByteArray word(const ReasoningDelta &event) { return "think(" + event.text + ')'; }
    static QByteArray word(const RefusalDelta &event) { return "refuse(" + event.text + ')'; }
    static QByteArray word(const ToolCallDelta &event)
    {
        return "call(" + event.name + event.arguments + ')';
    }
    static QByteArray word(const EmbeddingComputed &event)
    {
        QByteArrayList values;
        for (const float value : event.values)
            values.append(QByteArray::number(double(value)));
        return "vector(" + QByteArray::number(event.index) + ':' + values.join(',') + ')';
    }
    static QByteArray word(const ChoiceFinished &event)
    {
        return "finish(" + QByteArray::number(static_cast<int>(event.reason)) + ')';
    }
    static QByteArray word(const UsageReported &event)
    {
        return "usage(" + QByteArray::number(event.usage.promptTokens) + '+' +
               QByteArray::number(event.usage.completionTokens) + ')';
    }
    static QByteArray word(const AnswerCompleted &) { return "done"; }
    QByteArray word(const AnswerFailed &event)
    {
        error = event.error;
        return QByteArray("fail(") + errorCodeName(event.error.code) + ')';
    }
};

inline ChatRequest chatRequest(bool stream)
{
    ChatRequest request;
    request.model = "m";
    request.input = Conversation{{textMessage(Role::User, "Hi")}};
    request.stream = stream;
    return request;
}

} // namespace gatehouse
