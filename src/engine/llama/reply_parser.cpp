// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/reply_parser.h"

#include "base/id.h"

#include <chat.h>

#include <exception>

namespace gatehouse {

namespace {

/// What `now` has more than `told`. While an answer is incomplete the parser may take back an end that could
/// still become a tag; that is told again later or never.
QByteArray addition(std::string &told, const std::string &now)
{
    if (now.size() <= told.size() || !now.starts_with(told))
        return {};
    const QByteArray more = QByteArray::fromStdString(now.substr(told.size()));
    told = now;
    return more;
}

} // namespace

struct ReplyParser::Syntax
{
    common_chat_parser_params params;
};

ReplyParser::ReplyParser(const OutputRules &rules, int choice)
    : m_syntax(std::make_unique<Syntax>())
    , m_choice(choice)
{
    common_chat_parser_params &params = m_syntax->params;
    params.format = static_cast<common_chat_format>(rules.format);
    params.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
    params.generation_prompt = rules.opening;
    if (!rules.parser.empty())
        params.parser.load(rules.parser);
}

ReplyParser::~ReplyParser() = default;

QList<ChatEvent> ReplyParser::push(QByteArrayView text)
{
    m_text.append(text.data(), static_cast<std::size_t>(text.size()));
    if (m_text.size() - m_readAt <= m_text.size() / 256)
        return {};
    return read(true);
}

QList<ChatEvent> ReplyParser::finish(bool isWhole)
{
    if (!isWhole)
        return read(true);
    try {
        return read(false);
    } catch (const std::exception &) { // not what was asked of the model: what can be read of it still counts
        return read(true);
    }
}

QList<ChatEvent> ReplyParser::read(bool isPartial)
{
    m_readAt = m_text.size();
    const common_chat_msg reply = common_chat_parse(m_text, isPartial, m_syntax->params);
    QList<ChatEvent> events;
    if (const QByteArray more = addition(m_toldReasoning, reply.reasoning_content); !more.isEmpty())
        events.append(ReasoningDelta{.choice = m_choice, .text = more});
    if (const QByteArray more = addition(m_toldText, reply.content); !more.isEmpty())
        events.append(TextDelta{.choice = m_choice, .text = more});
    for (std::size_t i = 0; i < reply.tool_calls.size(); ++i) {
        const common_chat_tool_call &call = reply.tool_calls[i];
        const auto index = static_cast<qsizetype>(i);
        // A name may still grow until its arguments begin, the next call begins or the answer ends.
        const bool isCertain = !isPartial || i + 1 < reply.tool_calls.size() || !call.arguments.empty();
        if (index == m_calls.size() && isCertain) {
            m_calls.append({.id = call.id.empty() ? makeId("call_") : QByteArray::fromStdString(call.id),
                            .arguments = call.arguments});
            events.append(ToolCallDelta{.choice = m_choice,
                                        .index = static_cast<int>(i),
                                        .id = m_calls.last().id,
                                        .name = QByteArray::fromStdString(call.name),
                                        .arguments = QByteArray::fromStdString(call.arguments)});
        } else if (index < m_calls.size()) {
            const QByteArray more = addition(m_calls[index].arguments, call.arguments);
            if (!more.isEmpty())
                events.append(
                    ToolCallDelta{.choice = m_choice, .index = static_cast<int>(i), .arguments = more});
        }
    }
    return events;
}

} // namespace gatehouse
