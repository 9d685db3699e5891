// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"
#include "dialects/json/value.h"

#include <optional>
#include <vector>

namespace gatehouse::openai {

/// Puts the tool-call deltas of one choice in order. OpenAI sends `index` always and `id`, `type` and `name`
/// once; others leave the index out, give every call index 0 (older Ollama), repeat id and name in each
/// chunk, make up a new id for each chunk (older vLLM), or send the arguments as an object. What comes out is
/// as OpenAI has it.
class ToolCallTracker
{
public:
    static constexpr std::size_t maxCalls = 1024;

    /// The prefix begins the ids of calls that came without one.
    ToolCallTracker(QByteArray idPrefix, int choice)
        : m_idPrefix(std::move(idPrefix))
        , m_choice(choice)
    {}

    /// Reads one element of `tool_calls`. Nothing comes out while the call's name is not known yet, and for
    /// what adds nothing.
    [[nodiscard]] std::optional<ToolCallDelta> take(const json::Value &element);

    /// Reads a `function_call`, the form that had one call only.
    [[nodiscard]] std::optional<ToolCallDelta> takeLegacy(const json::Value &functionCall);

    [[nodiscard]] bool hasCalls() const { return !m_calls.empty(); }
    /// There were more calls than any answer has.
    [[nodiscard]] bool overflowed() const { return m_overflowed; }

private:
    struct Call
    {
        std::optional<qint64> upstreamIndex = {};
        QByteArray id = {};
        QByteArray heldArguments = {}; ///< What came before the name.
        bool begun = false;
    };

    [[nodiscard]] Call *find(const json::Value &element, bool named);
    [[nodiscard]] std::optional<ToolCallDelta> extend(Call &call, const json::Value &function);

    QByteArray m_idPrefix;
    int m_choice;
    std::vector<Call> m_calls;
    bool m_overflowed = false;
};

/// A call's arguments as text, whether they came as text or as an object; null and nothing are empty.
[[nodiscard]] QByteArray argumentsText(const json::Value &arguments);

} // namespace gatehouse::openai
