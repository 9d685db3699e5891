// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/tool_call_tracker.h"

#include <algorithm>

namespace gatehouse::openai {

std::optional<ToolCallDelta> ToolCallTracker::take(const json::Value &element)
{
    const json::Value function = element.find("function");
    const bool named = !function.find("name").string().isEmpty();
    Call *call = find(element, named);
    if (!call) {
        if (m_calls.size() == maxCalls) {
            m_overflowed = true;
            return {};
        }
        m_calls.push_back(
            {.upstreamIndex = element.find("index").integer(), .id = element.find("id").string()});
        call = &m_calls.back();
    }
    if (call->id.isEmpty())
        call->id = element.find("id").string();
    return extend(*call, function);
}

std::optional<ToolCallDelta> ToolCallTracker::takeLegacy(const json::Value &functionCall)
{
    if (m_calls.empty())
        m_calls.emplace_back();
    return extend(m_calls.front(), functionCall);
}

/// The call that the element goes on with, or null if it begins one. An id unlike the call's own begins
/// another call only beside a name: it may be one of those made up for each chunk.
ToolCallTracker::Call *ToolCallTracker::find(const json::Value &element, bool named)
{
    const std::optional<qint64> index = element.find("index").integer();
    const QByteArray id = element.find("id").string();
    if (!index && id.isEmpty())
        return named || m_calls.empty() ? nullptr : &m_calls.back();
    const auto found = std::find_if(m_calls.rbegin(), m_calls.rend(), [&](const Call &call) { // The newest.
        return index ? call.upstreamIndex == index : call.id == id;
    });
    if (found == m_calls.rend())
        return nullptr;
    const bool otherId = !id.isEmpty() && !found->id.isEmpty() && found->id != id;
    return otherId && named ? nullptr : &*found;
}

std::optional<ToolCallDelta> ToolCallTracker::extend(Call &call, const json::Value &function)
{
    const int index = static_cast<int>(&call - m_calls.data());
    QByteArray arguments = argumentsText(function.find("arguments"));
    if (call.begun) {
        if (arguments.isEmpty())
            return {};
        return ToolCallDelta{.choice = m_choice, .index = index, .arguments = arguments};
    }
    call.heldArguments += arguments;
    const QByteArray name = function.find("name").string();
    if (name.isEmpty())
        return {};
    call.begun = true;
    if (call.id.isEmpty())
        call.id = m_idPrefix + '_' + QByteArray::number(m_choice) + '_' + QByteArray::number(index);
    return ToolCallDelta{.choice = m_choice,
                         .index = index,
                         .id = call.id,
                         .name = name,
                         .arguments = std::exchange(call.heldArguments, {})};
}

QByteArray argumentsText(const json::Value &arguments)
{
    if (arguments.isString())
        return arguments.string();
    return arguments.isNull() ? QByteArray() : arguments.raw().toByteArray();
}

} // namespace gatehouse::openai
