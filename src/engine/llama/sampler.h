// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/chat_request.h"
#include "engine/llama/context.h"
#include "engine/llama/output_rules.h"

struct common_sampler;

namespace gatehouse {

/// Picks the tokens of one choice. An adapter over llama-common's sampling.h.
class Sampler
{
public:
    /// What the request leaves open is as the model's file recommends, else as llama.cpp has it. `choice`
    /// varies the seed, so that several choices differ.
    [[nodiscard]] static Result<std::unique_ptr<Sampler>> make(const Model &model, const Sampling &sampling,
                                                               const OutputRules &rules, int choice);
    ~Sampler();
    Q_DISABLE_COPY_MOVE(Sampler)

    /// Text before the answer counts for the penalties.
    void read(const Tokens &prompt);

    /// The next token, by the context's logits; it counts as said. Throws when the grammar comes to a dead
    /// end.
    [[nodiscard]] Token pick(const Context &context);

    /// Whether a control token's text belongs to the answer.
    [[nodiscard]] bool isPreserved(Token token) const;

private:
    struct Free
    {
        void operator()(common_sampler *sampler) const;
    };

    Sampler() = default;

    std::unique_ptr<common_sampler, Free> m_sampler;
    Tokens m_preserved;
    bool m_hasPenalties = false;
};

} // namespace gatehouse
