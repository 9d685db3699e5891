// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/llama/model.h"

#include <atomic>
#include <span>

struct llama_context;

namespace gatehouse {

/// What a model has read: one sequence of tokens, computed and ready to be continued. Used by one thread, but
/// for interrupt().
class Context
{
public:
    [[nodiscard]] static Result<std::unique_ptr<Context>> make(const Model &model,
                                                               const EngineOptions &options, LlamaLog &log);
    ~Context();
    Q_DISABLE_COPY_MOVE(Context)

    enum class Outcome {
        Advanced, ///< Some tokens more are computed; `missing` tells whether that was all.
        Aborted,  ///< By interrupt(). What had been computed is kept.
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

    /// Makes the running or else the next advance() return soon; any thread. Lasts until
    /// setInterrupted(false).
    void setInterrupted(bool interrupted) { m_interrupted = interrupted; }

    [[nodiscard]] int length() const { return m_length; } ///< Tokens that fit in.
    [[nodiscard]] int threads() const { return m_threads; }
    [[nodiscard]] llama_context *handle() const { return m_context.get(); }

private:
    struct Free
    {
        void operator()(llama_context *context) const;
    };
    using Handle = std::unique_ptr<llama_context, Free>;

    Context(const Model &model, int length, int threads, int step);
    void forgetFrom(std::size_t position);
    void readBack();

    const Model &m_model;
    Handle m_context;
    Tokens m_computed;
    bool m_hasLogits = false; ///< Of the last computed token.
    int m_length;
    int m_threads;
    int m_step; ///< Tokens computed at once.
    std::atomic<bool> m_interrupted = false;
};

} // namespace gatehouse
