// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/native/answer_tally.h"

#include "dialects/openai/answer_head.h"

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
    writer.key("finish_reason").string(openai::finishReasonName(m_choice.reason));
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

QByteArray textOf(const ChatEvent &event)
{
    const auto text = [](const auto *delta) {
        return delta && delta->choice == 0 ? delta->text : QByteArray();
    };
    return text(std::get_if<TextDelta>(&event)) + text(std::get_if<RefusalDelta>(&event));
}

} // namespace gatehouse::native
