// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/choice_fold.h"

namespace gatehouse::openai {

void ChoiceFold::add(const TextDelta &delta)
{
    text += delta.text;
    logprobs += delta.logprobs;
}

void ChoiceFold::add(const ToolCallDelta &delta)
{
    while (toolCalls.size() <= delta.index)
        toolCalls.append(ToolCall{});
    ToolCall &call = toolCalls[delta.index];
    if (!delta.id.isEmpty())
        call.id = delta.id;
    if (!delta.name.isEmpty())
        call.name = delta.name;
    call.arguments += delta.arguments;
}

void writeToolCalls(json::Writer &writer, const QList<ToolCall> &calls)
{
    writer.key("tool_calls").beginArray();
    for (const ToolCall &call : calls) {
        writer.beginObject().key("id").string(call.id).key("type").string("function").key("function");
        writer.beginObject()
            .key("name")
            .string(call.name)
            .key("arguments")
            .string(call.arguments)
            .endObject();
        writer.endObject();
    }
    writer.endArray();
}

} // namespace gatehouse::openai
