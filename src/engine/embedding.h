// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_request.h"
#include "engine/llama/model.h"
#include "engine/task.h"

namespace gatehouse {

/// The vectors of a request's texts, one after another. Everything that may be wrong with any of them is
/// found before AnswerStarted; others may go first after every text.
class Embedding final : public Task
{
public:
    Embedding(EmbeddingInput input, std::shared_ptr<AnswerChannel> channel);

    [[nodiscard]] Progress step(LoadedModel &model) override;

private:
    [[nodiscard]] Result<void> begin(const LoadedModel &model);
    [[nodiscard]] Result<void> prepareNext(const LoadedModel &model);
    [[nodiscard]] Result<void> add(Tokens tokens, const LoadedModel &model);
    [[nodiscard]] bool isPrepared() const;
    [[nodiscard]] Progress compute(LoadedModel &model);
    [[nodiscard]] Progress tell(QList<float> vector);
    [[nodiscard]] QByteArray param() const;

    const EmbeddingInput m_input;
    QList<Tokens> m_texts; ///< As far as they are prepared.
    qsizetype m_count = 0; ///< Of texts; 0: not begun.
    qsizetype m_told = 0;
    int m_dimensions = 0;
    qint64 m_tokens = 0;
};

} // namespace gatehouse
