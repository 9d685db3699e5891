// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/answer_channel.h"
#include "engine/llama/reply_parser.h"
#include "engine/llama/sampler.h"
#include "engine/prompts.h"
#include "engine/text/answer_text.h"

namespace gatehouse {

/// One choice of an answer on its way: reads its prompt, then says token after token. It owns no part of the
/// context: another one may use it between two steps, and what was computed is computed again where it is
/// lost.
class Generation
{
public:
    /// `prompt` and the rest must outlive the object.
    [[nodiscard]] static Result<std::unique_ptr<Generation>>
    make(const Model &model, const ChatRequest &request, const PreparedPrompt &prompt, int choice);

    enum class Progress { More, Finished, Failed };

    /// A part of the prompt, or one token.
    [[nodiscard]] Progress step(Context &context, AnswerChannel &channel);

    [[nodiscard]] const Usage &usage() const { return m_usage; }

private:
    Generation(const Model &model, const ChatRequest &request, const PreparedPrompt &prompt, int choice);

    [[nodiscard]] bool compute(Context &context, Progress &progress);
    [[nodiscard]] Progress say(Token token, const Context &context, AnswerChannel &channel);
    void tell(AnswerText::Piece piece, AnswerChannel &channel);
    void tell(QList<ChatEvent> events, AnswerChannel &channel);
    [[nodiscard]] Progress finish(FinishReason reason, AnswerChannel &channel);

    const Model &m_model;
    const ChatRequest &m_request;
    int m_choice;
    Tokens m_tokens; ///< The prompt and what was said.
    std::unique_ptr<Sampler> m_sampler;
    AnswerText m_text;
    std::unique_ptr<ReplyParser> m_parser; ///< Null: everything said is text.
    QList<TokenLogprob> m_logprobs;        ///< Of tokens whose text the parser still keeps.
    Usage m_usage;
    bool m_hasBegun = false;
    bool m_isThinking = false;
};

} // namespace gatehouse
