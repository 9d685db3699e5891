// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/llama/context.h"

#include <QList>

namespace gatehouse {

/// Turns texts into vectors, one text at a time, in a context of its own that is made for the first one and
/// grows with the longest one. Used by one thread.
///
/// A model that looks ahead reads a text at once; any other one in steps, as Context does, so that something
/// else may be computed between them.
class Embedder
{
public:
    /// All must outlive the object. `readsWhole`: see Context::continuesTexts(). `interrupted`: while it is
    /// true, the running or else the next advance() returns soon, and the text begins anew.
    Embedder(const Model &model, const ContextPlan &plan, bool readsWhole,
             const std::atomic<bool> &interrupted);
    Q_DISABLE_COPY_MOVE(Embedder)

    enum class Outcome {
        More, ///< A step is done, or was interrupted: not all of the text has been read.
        Done, ///< vector() is that of the text.
        Failed,
    };

    /// Goes on to read `text`, or begins, if it was another one the last time. 1 … length() tokens.
    [[nodiscard]] Outcome advance(std::span<const Token> text);

    /// After Outcome::Done, and until the next advance(): the first `dimensions` numbers (1 … vectorLength())
    /// of the text's vector, scaled to a length of one. Empty: they have no direction, as a damaged model's.
    [[nodiscard]] QList<float> vector(int dimensions) const;

    [[nodiscard]] int length() const { return m_plan.length; } ///< Tokens of the longest text.

private:
    [[nodiscard]] bool hasRoomFor(std::size_t tokens);
    [[nodiscard]] LlamaContextPtr makeContext(int length) const;
    void begin(std::span<const Token> text);
    [[nodiscard]] int compute(Tokens tokens);
    [[nodiscard]] bool collect(std::size_t count);

    const Model &m_model;
    const ContextPlan m_plan;
    const bool m_readsWhole;
    const std::atomic<bool> &m_interrupted;
    const Model::Pooling m_pooling;
    LlamaContextPtr m_context;
    int m_room = 0;            ///< Tokens that fit into the context.
    Tokens m_text;             ///< What is being read …
    std::size_t m_read = 0;    ///< … and how far.
    std::vector<double> m_sum; ///< Of the vectors of the tokens that count.
};

} // namespace gatehouse
