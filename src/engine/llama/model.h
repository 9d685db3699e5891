// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "engine/engine_options.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

struct llama_model;
struct llama_vocab;

namespace gatehouse {

class LlamaLog;

using Token = std::int32_t;
using Tokens = std::vector<Token>;

/// A model's weights and vocabulary. Immutable once loaded.
class Model
{
public:
    /// Called now and then while the weights are read, with 0 … 1; false gives up.
    using Progress = std::function<bool(double fraction)>;

    /// Blocks until the model is in memory. What is wrong with the file is in the error's `detail`; its
    /// `message` names no path and may be shown to callers.
    [[nodiscard]] static Result<std::unique_ptr<Model>> load(const EngineOptions &options, LlamaLog &log,
                                                             const Progress &progress);
    ~Model();
    Q_DISABLE_COPY_MOVE(Model)

    /// What computes, with its version.
    [[nodiscard]] static QByteArray library();

    /// The text's tokens, with those that the model wants around every text; control tokens are recognised.
    [[nodiscard]] Result<Tokens> tokenize(QByteArrayView text) const;

    /// A token's bytes, which may be a part of a code point. Control tokens have none unless `withControl`.
    [[nodiscard]] QByteArray bytesOf(Token token, bool withControl) const;

    [[nodiscard]] bool endsAnswer(Token token) const;
    [[nodiscard]] int vocabularySize() const;
    [[nodiscard]] int longestToken() const { return m_longestToken; } ///< Bytes.
    [[nodiscard]] int trainedContext() const;                         ///< Tokens.
    [[nodiscard]] QByteArray description() const; ///< Architecture, size and quantisation.
    [[nodiscard]] qint64 parameters() const;

    /// How the vectors of a text's tokens become the vector of the text. Mean, where the file does not say.
    enum class Pooling {
        Mean,
        First,
        Last,
        Rank, ///< Not at all: the model judges pairs of texts.
    };
    [[nodiscard]] Pooling pooling() const;
    [[nodiscard]] int vectorLength() const; ///< Numbers in the vector of a text.

    /// The file says that each token sees those after it, too: the model reads texts, and does not continue
    /// them. (Not every file of such a model says so: see Context::continuesTexts().)
    [[nodiscard]] bool looksAhead() const;

    /// One of the defaults that the file recommends for sampling (`general.sampling.*`); empty: none.
    [[nodiscard]] QByteArray recommendation(int samplingKey) const;

    [[nodiscard]] llama_model *handle() const { return m_model.get(); }

private:
    struct Free
    {
        void operator()(llama_model *model) const;
    };
    using Handle = std::unique_ptr<llama_model, Free>;

    explicit Model(Handle model);
    [[nodiscard]] static Handle read(const EngineOptions &options, const Progress &progress, QString &reason);
    [[nodiscard]] static QString unsuitability(const llama_model &model);
    [[nodiscard]] QByteArray metadata(const QByteArray &key) const;
    [[nodiscard]] QByteArray metadataOfArchitecture(const QByteArray &key) const;

    Handle m_model;
    const llama_vocab *m_vocabulary;
    int m_longestToken = 1;
};

} // namespace gatehouse
