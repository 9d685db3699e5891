// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "chat/chat_event.h"
#include "dialects/json/writer.h"
#include "dialects/openai/answer_head.h"

#include <QByteArray>

namespace gatehouse::test {

inline QByteArray quoted(QByteArrayView text)
{
    QByteArray out;
    json::Writer(out).string(text);
    return out;
}

/// One line a person can read and a test can compare, for each kind of event.
struct EventText
{
    QByteArray operator()(const AnswerStarted &event) const
    {
        return "started " + quoted(event.model) +
               (event.fingerprint.isEmpty() ? "" : ' ' + quoted(event.fingerprint));
    }
    QByteArray operator()(const TextDelta &event) const
    {
        QByteArray line = "text " + QByteArray::number(event.choice) + ' ' + quoted(event.text);
        for (const TokenLogprob &token : event.logprobs) {
            line += " [" + quoted(token.token) + ' ' + QByteArray::number(token.logprob);
            for (const TokenLogprob::Alternative &top : token.top)
                line += ", " + quoted(top.token) + ' ' + QByteArray::number(top.logprob);
            line += ']';
        }
        return line;
    }
    QByteArray operator()(const ReasoningDelta &event) const
    {
        return "reasoning " + QByteArray::number(event.choice) + ' ' + quoted(event.text);
    }
    QByteArray operator()(const RefusalDelta &event) const
    {
        return "refusal " + QByteArray::number(event.choice) + ' ' + quoted(event.text);
    }
    QByteArray operator()(const ToolCallDelta &event) const
    {
        return "tool " + QByteArray::number(event.choice) + '.' + QByteArray::number(event.index) +
               " id=" + quoted(event.id) + " name=" + quoted(event.name) +
               " arguments=" + quoted(event.arguments);
    }
    QByteArray operator()(const EmbeddingComputed &event) const
    {
        QByteArray line = "vector " + QByteArray::number(event.index);
        for (const float value : event.values)
            line += ' ' + QByteArray::number(double(value));
        return line;
    }
    QByteArray operator()(const ChoiceFinished &event) const
    {
        return "finished " + QByteArray::number(event.choice) + ' ' +
               openai::finishReasonName(event.reason).toByteArray();
    }
    QByteArray operator()(const UsageReported &event) const
    {
        const Usage &usage = event.usage;
        return "usage " + QByteArray::number(usage.promptTokens) + " + " +
               QByteArray::number(usage.completionTokens) + " cached " +
               QByteArray::number(usage.cachedTokens) + " reasoning " +
               QByteArray::number(usage.reasoningTokens);
    }
    QByteArray operator()(const AnswerCompleted &) const { return "completed"; }
    QByteArray operator()(const AnswerFailed &event) const
    {
        return QByteArray("failed ") + errorCodeName(event.error.code) + ' ' +
               QByteArray::number(event.error.upstreamStatus) + ' ' + quoted(event.error.message.toUtf8()) +
               ' ' + quoted(event.error.reason);
    }
};

/// The lines of several events, each with a line end.
template <typename Events>
QByteArray describe(const Events &events)
{
    QByteArray text;
    for (const ChatEvent &event : events)
        text += std::visit(EventText{}, event) + '\n';
    return text;
}

} // namespace gatehouse::test
