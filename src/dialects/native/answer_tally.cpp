// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/native/answer_tally.h"

#include "dialects/openai/answer_head.h"

#include <utility>

namespace gatehouse::native {

namespace {

void writeUsage(json::Writer &writer, const Usage &usage)
{
    writer.key("usage").beginObject();
    writer.key("prompt_tokens").integer(usage.promptTokens);
    writer.key("completion_tokens").integer(usage.completionTokens);
    writer.key("total_tokens").integer(usage.totalTokens()).endObject();
}

} // namespace

void AnswerTally::add(const ChatEvent &event)
{
    std::visit([this](const auto &what) { take(what); }, event);
}

void AnswerTally::write(json::Writer &writer, std::chrono::milliseconds latency,
                        std::initializer_list<QByteArrayView> textNames) const
{
    writer.key("id").string(m_id).key("model").string(m_model);
    for (const QByteArrayView name : textNames)
        writer.key(name).string(m_choice.text);
    writeUsage(writer, m_usage);
    writer.key("latency_ms").integer(latency.count());
    writer.key("finish_reason").string(openai::finishReasonName(reason()));
    if (!m_choice.reasoning.isEmpty())
        writer.key("reasoning").string(m_choice.reasoning);
    if (!m_choice.toolCalls.isEmpty())
        openai::writeToolCalls(writer, m_choice.toolCalls);
}

void AnswerTally::take(const AnswerStarted &started)
{
    if (m_model.isEmpty())
        m_model = started.model;
}

void AnswerTally::take(const TextDelta &delta)
{
    if (delta.choice == 0)
        m_choice.text += fitting(delta.text); // Without what is known of its tokens, which nobody is told.
}

void AnswerTally::take(const ReasoningDelta &delta)
{
    if (delta.choice == 0)
        m_choice.reasoning += fitting(delta.text);
}

void AnswerTally::take(ToolCallDelta delta)
{
    if (delta.choice != 0)
        return;
    delta.arguments = fitting(delta.arguments);
    m_choice.add(delta);
}

QByteArray AnswerTally::fitting(const QByteArray &text)
{
    if (!m_isCut && text.size() <= m_room) {
        m_room -= text.size();
        return text;
    }
    qsizetype end = std::exchange(m_isCut, true) ? 0 : m_room;
    while (end > 0 && (static_cast<uchar>(text.at(end)) & 0xc0) == 0x80) // Within a character (RFC 3629).
        --end;
    return text.left(end);
}

FinishReason AnswerTally::reason() const
{
    return m_isCut && m_choice.reason == FinishReason::Stop ? FinishReason::Length : m_choice.reason;
}

QByteArray textOf(const ChatEvent &event)
{
    const auto text = [](const auto *delta) {
        return delta && delta->choice == 0 ? delta->text : QByteArray();
    };
    return text(std::get_if<TextDelta>(&event)) + text(std::get_if<RefusalDelta>(&event));
}

} // namespace gatehouse::native
