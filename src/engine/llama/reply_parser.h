// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"
#include "engine/llama/output_rules.h"

#include <memory>

namespace gatehouse {

/// Reads thinking and tool calls out of a growing answer. An adapter over llama-common's chat.h, which parses
/// the whole answer each time; so it is asked less often the longer the answer is, and the cost stays
/// bounded.
class ReplyParser
{
public:
    ReplyParser(const OutputRules &rules, int choice);
    ~ReplyParser();
    Q_DISABLE_COPY_MOVE(ReplyParser)

    /// What the text adds to what was told before: TextDelta, ReasoningDelta and ToolCallDelta.
    [[nodiscard]] QList<ChatEvent> push(QByteArrayView text);

    /// The end. `isWhole`: the model itself ended the answer.
    [[nodiscard]] QList<ChatEvent> finish(bool isWhole);

    [[nodiscard]] bool hasToolCalls() const { return !m_calls.isEmpty(); }

private:
    struct Call
    {
        QByteArray id;
        std::string arguments; ///< As far as they are told.
    };
    struct Syntax;

    [[nodiscard]] QList<ChatEvent> read(bool isPartial);

    std::unique_ptr<Syntax> m_syntax;
    int m_choice;
    std::string m_text;
    std::size_t m_readAt = 0; ///< The text's length when it was parsed last.
    std::string m_toldText;
    std::string m_toldReasoning;
    QList<Call> m_calls; ///< Those that are told.
};

} // namespace gatehouse
