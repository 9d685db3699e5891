// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/answer_fold.h"

#include "dialects/json/writer.h"
#include "dialects/openai/logprobs.h"
#include "dialects/openai/usage_body.h"

#include <iterator>

namespace gatehouse::openai {

namespace {

using json::Writer;

void writeOrNull(Writer &writer, QByteArrayView name, const QByteArray &text)
{
    writer.key(name);
    if (text.isEmpty())
        writer.null();
    else
        writer.string(text);
}

} // namespace

void AnswerFold::writeMessage(json::Writer &writer, const ChoiceFold &choice)
{
    writer.beginObject().key("role").string("assistant");
    // Null beside tool calls or a refusal; an answer that is just empty is a string still.
    if (choice.text.isEmpty() && choice.toolCalls.isEmpty() && choice.refusal.isEmpty())
        writer.key("content").string("");
    else
        writeOrNull(writer, "content", choice.text);
    writeOrNull(writer, "refusal", choice.refusal);
    if (!choice.reasoning.isEmpty())
        writer.key("reasoning_content").string(choice.reasoning);
    if (!choice.toolCalls.isEmpty())
        writeToolCalls(writer, choice.toolCalls);
    writer.endObject();
}

void AnswerFold::writeChoice(json::Writer &writer, qsizetype index, AnswerKind kind) const
{
    const ChoiceFold &choice = m_choices[static_cast<std::size_t>(index)];
    writer.beginObject().key("index").integer(index);
    if (kind == AnswerKind::Chat) {
        writer.key("message");
        writeMessage(writer, choice);
        writer.key("logprobs");
        writeChatLogprobs(writer, choice.logprobs);
    } else {
        writer.key("text").string(choice.text).key("logprobs");
        writeCompletionLogprobs(writer, choice.logprobs, 0);
    }
    writer.key("finish_reason").string(finishReasonName(choice.reason)).endObject();
}

QByteArray AnswerFold::body(const AnswerHead &head) const
{
    QByteArray out;
    Writer writer(out);
    writer.beginObject().key("id").string(head.id);
    writer.key("object").string(head.kind == AnswerKind::Chat ? "chat.completion" : "text_completion");
    writer.key("created").integer(head.created).key("model").string(head.model);
    writer.key("choices").beginArray();
    for (qsizetype i = 0; i < std::ssize(m_choices); ++i)
        writeChoice(writer, i, head.kind);
    writer.endArray();
    if (m_usage) {
        writer.key("usage");
        writeUsage(writer, *m_usage);
    }
    if (!head.fingerprint.isEmpty())
        writer.key("system_fingerprint").string(head.fingerprint);
    writer.endObject();
    return out;
}

ChoiceFold &AnswerFold::choiceAt(int index)
{
    const auto wanted = static_cast<std::size_t>(index) + 1;
    if (m_choices.size() < wanted)
        m_choices.resize(wanted);
    return m_choices[wanted - 1];
}

} // namespace gatehouse::openai
