// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fakes/answer_form.h"
#include "fakes/behaviour.h"

namespace gatehouse::fakes {

/// Answers as Ollama gives them: `/api/chat` and `/api/generate`, a JSON object a line.
class OllamaForm final : public AnswerForm
{
public:
    enum class Kind { Chat, Generate };

    OllamaForm(const Behaviour &behaviour, const QByteArray &model, Kind kind);

    [[nodiscard]] QByteArray streamType() const override { return "application/x-ndjson"; }
    [[nodiscard]] QByteArray frame(const QByteArray &json) const override { return json + '\n'; }
    [[nodiscard]] QByteArray comment() const override { return {}; }

    [[nodiscard]] QList<QByteArray> opening() const override { return {}; }
    [[nodiscard]] QByteArray token(const QByteArray &text) const override;
    [[nodiscard]] QByteArray reasoning(const QByteArray &text) const override;
    [[nodiscard]] QList<QByteArray> toolCall(int index) const override;
    [[nodiscard]] QList<QByteArray> closing() const override { return {}; }
    [[nodiscard]] QByteArray done() const override;

    [[nodiscard]] QByteArray folded() const override;
    [[nodiscard]] QByteArray error(int status, const QByteArray &message) const override;

private:
    [[nodiscard]] QByteArray content(const QByteArray &text, const QByteArray &thinking = {},
                                     const QByteArray &toolCalls = {}) const;
    [[nodiscard]] QByteArray statistics() const;

    Behaviour m_behaviour;
    QByteArray m_start; ///< Of every object: `{"model":…,"created_at":…,`
    Kind m_kind;
};

/// `GET /api/tags`.
[[nodiscard]] QByteArray ollamaTags(const QList<QByteArray> &models);
/// `POST /api/embed`.
[[nodiscard]] QByteArray ollamaEmbeddings(const QByteArray &model, int inputs, int size);
/// `{"error":"…"}`
[[nodiscard]] QByteArray ollamaError(const QByteArray &message);

} // namespace gatehouse::fakes
