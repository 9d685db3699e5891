// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/prompts.h"

#include "engine/prompt_error.h"

#include <optional>

namespace gatehouse {

namespace {

constexpr qsizetype mostChoices = 128;

Error invalid(const QString &message, const QByteArray &param)
{
    return {.code = ErrorCode::InvalidRequest, .message = message, .param = param};
}

std::optional<Error> wrongWith(const ChatRequest &request)
{
    if (request.isConversation()) {
        if (std::get<Conversation>(request.input).messages.isEmpty())
            return invalid(QStringLiteral("'messages' is empty."), "messages");
    } else if (std::get<Prompt>(request.input).echo && request.topLogprobs) {
        return invalid(
            QStringLiteral("A local model gives no log probabilities of the prompt: ask for 'echo' or "
                           "for 'logprobs'."),
            "echo");
    }
    const qsizetype texts = request.isConversation() ? 1 : std::get<Prompt>(request.input).texts.size();
    if (request.choices < 1 || texts * request.choices > mostChoices)
        return invalid(QStringLiteral("At most %1 choices at a time.").arg(mostChoices), "n");
    return {};
}

Result<PreparedPrompt> tokenized(ChatTemplate::Rendered rendered, const Model &model, int contextLength,
                                 const QByteArray &param)
{
    // Tokenizing takes seconds for megabytes; what can't fit anyway is not worth them.
    if (rendered.prompt.size() > static_cast<qsizetype>(contextLength) * model.longestToken())
        return contextExceeded(contextLength, param);
    Result<Tokens> tokens = model.tokenize(rendered.prompt);
    if (!tokens)
        return std::move(tokens).error();
    if (tokens->empty())
        return invalid(QStringLiteral("'%1' is empty.").arg(QString::fromUtf8(param)), param);
    if (tokens->size() >= static_cast<std::size_t>(contextLength))
        return contextExceeded(contextLength, param, tokens->size());
    return PreparedPrompt{.text = std::move(rendered.prompt),
                          .tokens = std::move(tokens).value(),
                          .rules = std::move(rendered.rules)};
}

} // namespace

Result<QList<PreparedPrompt>> preparePrompts(const ChatRequest &request, const Model &model,
                                             const ChatTemplate &chatTemplate, int contextLength)
{
    if (const std::optional<Error> error = wrongWith(request))
        return *error;
    QList<ChatTemplate::Rendered> texts;
    if (request.isConversation()) {
        Result<ChatTemplate::Rendered> rendered = chatTemplate.render(request);
        if (!rendered)
            return std::move(rendered).error();
        texts.append(std::move(rendered).value());
    } else {
        for (const QByteArray &text : std::get<Prompt>(request.input).texts)
            texts.append({.prompt = text, .rules = {}});
    }

    QList<PreparedPrompt> prompts;
    for (ChatTemplate::Rendered &text : texts) {
        Result<PreparedPrompt> prompt = tokenized(std::move(text), model, contextLength,
                                                  request.isConversation() ? "messages" : "prompt");
        if (!prompt)
            return std::move(prompt).error();
        prompts.append(std::move(prompt).value());
    }
    return prompts;
}

} // namespace gatehouse
