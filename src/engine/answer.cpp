// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/answer.h"

namespace gatehouse {

Answer::Answer(ChatRequest request, std::shared_ptr<AnswerChannel> channel)
    : m_request(std::move(request))
    , m_channel(std::move(channel))
{}

bool Answer::step(const Means &means)
{
    if (!m_generation && !begin(means))
        return false;
    switch (m_generation->step(means.context, *m_channel)) {
    case Generation::Progress::More:
        return true;
    case Generation::Progress::Finished:
        return finishChoice(means);
    case Generation::Progress::Failed:
        break;
    }
    fail({.code = ErrorCode::Internal, .message = QStringLiteral("The model failed to compute the answer.")});
    return false;
}

void Answer::fail(const Error &error)
{
    m_channel->push(AnswerFailed{error});
}

/// Everything that may be wrong with the request is found before AnswerStarted.
bool Answer::begin(const Means &means)
{
    Result<QList<PreparedPrompt>> prompts =
        preparePrompts(m_request, means.model, means.chatTemplate, means.context.length());
    if (!prompts) {
        fail(prompts.error());
        return false;
    }
    m_prompts = std::move(prompts).value();
    if (!beginChoice(means))
        return false;
    m_channel->push(AnswerStarted{.model = means.name, .fingerprint = Model::library()});
    tellEcho();
    return true;
}

bool Answer::beginChoice(const Means &means)
{
    const PreparedPrompt &prompt = m_prompts.at(m_choice / m_request.choices);
    Result<std::unique_ptr<Generation>> generation =
        Generation::make(means.model, m_request, prompt, m_choice);
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
        m_channel->push(
            TextDelta{.choice = m_choice, .text = m_prompts.at(m_choice / m_request.choices).text});
}

/// OpenAI counts a prompt once, however many choices it has.
bool Answer::finishChoice(const Means &means)
{
    const Usage &usage = m_generation->usage();
    if (m_choice % m_request.choices == 0) {
        m_usage.promptTokens += usage.promptTokens;
        m_usage.cachedTokens += usage.cachedTokens;
    }
    m_usage.completionTokens += usage.completionTokens;
    m_usage.reasoningTokens += usage.reasoningTokens;
    if (++m_choice < m_prompts.size() * m_request.choices) {
        if (!beginChoice(means))
            return false;
        tellEcho();
        return true;
    }
    m_channel->push(UsageReported{m_usage});
    m_channel->push(AnswerCompleted{});
    return false;
}

} // namespace gatehouse
