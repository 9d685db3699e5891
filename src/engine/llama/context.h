// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/llama/model.h"

#include <atomic>
#include <span>

struct llama_context;

namespace gatehouse {

struct LlamaContextDeleter
{
    void operator()(llama_context *context) const;
};
using LlamaContextPtr = std::unique_ptr<llama_context, LlamaContextDeleter>;

/// For llama.cpp's abort_callback; `flag` is a std::atomic<bool>, which is only read.
[[nodiscard]] bool isInterrupted(void *flag);

/// How long a context is and how it computes, for a model and its options.
struct ContextPlan
{
    ContextPlan(const Model &model, const EngineOptions &options);

    int length;  ///< Tokens that fit in.
    int threads; ///< Processor threads that compute.
    int step;    ///< Tokens computed at once.
};

/// What a model has read: one sequence of tokens, computed and ready to be continued. Used by one thread.
class Context
{
public:
    /// While `interrupted` is true, the running or else the next advance() returns soon. It must outlive the
    /// context.
    [[nodiscard]] static Result<std::unique_ptr<Context>>
    make(const Model &model, const ContextPlan &plan, const std::atomic<bool> &interrupted, LlamaLog &log);
    ~Context();
    Q_DISABLE_COPY_MOVE(Context)

    enum class Outcome {
        Advanced, ///< Some tokens more are computed; `missing` tells whether that was all.
        Aborted,  ///< Interrupted. What had been computed is kept.
        Failed,
    };

    /// Goes on to compute `tokens`, as far as one step takes it. Whatever the context has in common with them
    /// at the beginning is kept, and the rest forgotten.
    [[nodiscard]] Outcome advance(std::span<const Token> tokens);

    /// How many of `tokens` need no computing; at least the last one always does, for its logits.
    [[nodiscard]] std::size_t reusable(std::span<const Token> tokens) const;

    /// Whether `tokens` are computed to the last one, whose logits are there.
    [[nodiscard]] bool hasAll(std::span<const Token> tokens) const;

    /// What follows the last token: a logarithm of likelihood for every token of the vocabulary, not
    /// normalised. Valid until the next advance().
    [[nodiscard]] std::span<const float> logits() const;

    /// False: the model reads texts as a whole, and nothing of what is said above holds.
    [[nodiscard]] bool continuesTexts() const;

    [[nodiscard]] int length() const { return m_plan.length; } ///< Tokens that fit in.
    [[nodiscard]] llama_context *handle() const { return m_context.get(); }

private:
    Context(const Model &model, const ContextPlan &plan, const std::atomic<bool> &interrupted);
    void forgetFrom(std::size_t position);
    void readBack();

    const Model &m_model;
    const ContextPlan m_plan;
    LlamaContextPtr m_context;
    Tokens m_computed;
    bool m_hasLogits = false; ///< Of the last computed token.
};

} // namespace gatehouse
