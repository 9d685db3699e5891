// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fakes/answer_form.h"
#include "fakes/behaviour.h"

namespace gatehouse::fakes {

/// What the answer in OpenAI's form repeats of its request.
struct OpenAiAsk
{
    QByteArray model;
    bool chat = true; ///< Else a (text) completion.
    bool includeUsage = false;
};

/// Answers as OpenAI's API gives them: chat completions and completions.
class OpenAiForm final : public AnswerForm
{
public:
    OpenAiForm(const Behaviour &behaviour, OpenAiAsk ask, quint64 id);

    [[nodiscard]] QByteArray streamType() const override { return "text/event-stream"; }
    [[nodiscard]] QByteArray frame(const QByteArray &json) const override { return "data: " + json + "\n\n"; }
    [[nodiscard]] QByteArray comment() const override { return ": the fake thinks\n\n"; }

    [[nodiscard]] QList<QByteArray> opening() const override;
    [[nodiscard]] QByteArray token(const QByteArray &text) const override;
    [[nodiscard]] QByteArray reasoning(const QByteArray &text) const override;
    [[nodiscard]] QList<QByteArray> toolCall(int index) const override;
    [[nodiscard]] QList<QByteArray> closing() const override;
    [[nodiscard]] QByteArray done() const override { return frame("[DONE]"); }

    [[nodiscard]] QByteArray folded() const override;
    [[nodiscard]] QByteArray error(int status, const QByteArray &message) const override;

private:
    [[nodiscard]] bool reportsUsage() const;
    [[nodiscard]] QByteArray usage() const;
    [[nodiscard]] QByteArray chunk(const QByteArray &choice) const;
    [[nodiscard]] QByteArray delta(const QByteArray &members) const;
    [[nodiscard]] QByteArray message() const;

    Behaviour m_behaviour;
    OpenAiAsk m_ask;
    QByteArray m_start; ///< Of every chunk: `{"id":…,"object":…,"created":…,"model":…,`
    QByteArray m_foldedStart;
    QByteArray m_usageNull; ///< `,"usage":null` in every chunk but the last, where usage is asked for.
};

/// `GET /v1/models`.
[[nodiscard]] QByteArray openAiModels(const QList<QByteArray> &models);
/// `POST /v1/embeddings`: `inputs` vectors, as numbers or as base64 of little-endian floats.
[[nodiscard]] QByteArray openAiEmbeddings(const QByteArray &model, int inputs, int size, bool base64);
/// `{"error":{message, type, param, code}}`
[[nodiscard]] QByteArray openAiError(int status, const QByteArray &message, const QByteArray &code = {});
/// `text` as a JSON string with its quotation marks.
[[nodiscard]] QByteArray quoted(const QByteArray &text);
/// Number `index` of the vector of input `input`: the same in both APIs' forms.
[[nodiscard]] float embeddingValue(int input, int index);

} // namespace gatehouse::fakes
