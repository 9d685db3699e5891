// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/answer.h"

#include "engine/loaded_model.h"

namespace gatehouse {

Answer::Answer(ChatRequest request, std::shared_ptr<AnswerChannel> channel)
    : Task(std::move(channel))
    , m_request(std::move(request))
{}

Task::Progress Answer::step(LoadedModel &model)
{
    if (!m_generation && !begin(model))
        return Progress::Done;
    switch (m_generation->step(*model.context(), channel())) {
    case Generation::Progress::More:
        return Progress::Busy;
    case Generation::Progress::Finished:
        return finishChoice(model) ? Progress::Busy : Progress::Done;
    case Generation::Progress::Failed:
        break;
    }
    fail({.code = ErrorCode::Internal, .message = QStringLiteral("The model failed to compute the answer.")});
    return Progress::Done;
}

/// Everything that may be wrong with the request is found before AnswerStarted.
bool Answer::begin(LoadedModel &model)
{
    if (model.context() == nullptr) {
        fail({.code = ErrorCode::InvalidRequest,
              .message = QStringLiteral("This model gives embeddings only; it does not answer."),
              .param = "model"});
        return false;
    }
    Result<QList<PreparedPrompt>> prompts =
        preparePrompts(m_request, model.model(), model.chatTemplate(), model.plan().length);
    if (!prompts) {
        fail(prompts.error());
        return false;
    }
    m_prompts = std::move(prompts).value();
    if (!beginChoice(model))
        return false;
    channel().push(AnswerStarted{.model = model.name(), .fingerprint = Model::library()});
    tellEcho();
    return true;
}

bool Answer::beginChoice(const LoadedModel &model)
{
    const PreparedPrompt &prompt = m_prompts.at(m_choice / m_request.choices);
    Result<std::unique_ptr<Generation>> generation =
        Generation::make(model.model(), m_request, prompt, m_choice);
    if (!generation) {
        fail(generation.error());
        return false;
    }
    m_generation = std::move(generation).value();
    return true;
}

void Answer::tellEcho()
{
    const auto *prompt = std::get_if<Prompt>(&m_request.input);
    if (prompt != nullptr && prompt->echo)
        channel().push(
            TextDelta{.choice = m_choice, .text = m_prompts.at(m_choice / m_request.choices).text});
}

/// False: it was the last one. OpenAI counts a prompt once, however many choices it has.
bool Answer::finishChoice(const LoadedModel &model)
{
    const Usage &usage = m_generation->usage();
    if (m_choice % m_request.choices == 0) {
        m_usage.promptTokens += usage.promptTokens;
        m_usage.cachedTokens += usage.cachedTokens;
    }
    m_usage.completionTokens += usage.completionTokens;
    m_usage.reasoningTokens += usage.reasoningTokens;
    if (++m_choice < m_prompts.size() * m_request.choices) {
        if (!beginChoice(model))
            return false;
        tellEcho();
        return true;
    }
    channel().push(UsageReported{m_usage});
    channel().push(AnswerCompleted{});
    return false;
}

} // namespace gatehouse
