// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/openai/answer_head.h"
#include "dialects/openai/choice_fold.h"

#include <optional>
#include <vector>

namespace gatehouse::openai {

/// Puts the events of an answer together to one chat.completion or text_completion object.
class AnswerFold
{
public:
    template <typename Part>
    requires requires(ChoiceFold choice, const Part &part) { choice.add(part); }
    void add(const Part &part) { choiceAt(part.choice).add(part); }
    void add(const UsageReported &reported) { m_usage = reported.usage; }

    [[nodiscard]] QByteArray body(const AnswerHead &head) const;

private:
    ChoiceFold &choiceAt(int index);
    void writeChoice(json::Writer &writer, qsizetype index, AnswerKind kind) const;
    static void writeMessage(json::Writer &writer, const ChoiceFold &choice);

    std::vector<ChoiceFold> m_choices;
    std::optional<Usage> m_usage;
};

} // namespace gatehouse::openai
