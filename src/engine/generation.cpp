// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/generation.h"

#include "engine/llama/token_logprob.h"

namespace gatehouse {

namespace {

QList<QByteArray> stopsFor(const ChatRequest &request, const OutputRules &rules)
{
    QList<QByteArray> stops = request.stop;
    for (const std::string &stop : rules.stops)
        stops.append(QByteArray::fromStdString(stop));
    return stops;
}

} // namespace

Result<std::unique_ptr<Generation>> Generation::make(const Model &model, const ChatRequest &request,
                                                     const PreparedPrompt &prompt, int choice)
{
    Result<std::unique_ptr<Sampler>> sampler = Sampler::make(model, request.sampling, prompt.rules, choice);
    if (!sampler)
        return std::move(sampler).error();
    std::unique_ptr<Generation> generation(new Generation(model, request, prompt, choice));
    generation->m_sampler = std::move(sampler).value();
    generation->m_sampler->read(prompt.tokens);
    return generation;
}

Generation::Generation(const Model &model, const ChatRequest &request, const PreparedPrompt &prompt,
                       int choice)
    : m_model(model)
    , m_request(request)
    , m_choice(choice)
    , m_tokens(prompt.tokens)
    , m_text(stopsFor(request, prompt.rules))
{
    m_usage.promptTokens = static_cast<qint64>(prompt.tokens.size());
    if (prompt.rules.needsParsing)
        m_parser = std::make_unique<ReplyParser>(prompt.rules, choice);
}

Generation::Progress Generation::step(Context &context, AnswerChannel &channel)
{
    Progress progress = Progress::More;
    if (!compute(context, progress))
        return progress;
    return say(m_sampler->pick(context), context, channel);
}

/// Whether all tokens are computed, and the next one can be picked.
bool Generation::compute(Context &context, Progress &progress)
{
    if (!m_hasBegun)
        m_usage.cachedTokens = static_cast<qint64>(context.reusable(m_tokens));
    m_hasBegun = true;
    if (context.hasAll(m_tokens))
        return true;
    if (context.advance(m_tokens) == Context::Outcome::Failed)
        progress = Progress::Failed;
    return context.hasAll(m_tokens);
}

Generation::Progress Generation::say(Token token, const Context &context, AnswerChannel &channel)
{
    m_usage.completionTokens += 1;
    if (m_model.endsAnswer(token))
        return finish(FinishReason::Stop, channel);
    std::optional<TokenLogprob> logprob;
    if (m_request.topLogprobs)
        logprob = tokenLogprob(m_model, context.logits(), token, *m_request.topLogprobs);
    tell(m_text.push(m_model.bytesOf(token, m_sampler->isPreserved(token)), std::move(logprob)), channel);
    if (m_isThinking)
        m_usage.reasoningTokens += 1;
    if (m_text.stopped())
        return finish(FinishReason::Stop, channel);
    m_tokens.push_back(token);
    const bool isLast = m_request.maxTokens && m_usage.completionTokens >= *m_request.maxTokens;
    if (isLast || m_tokens.size() > static_cast<std::size_t>(context.length()))
        return finish(FinishReason::Length, channel);
    return Progress::More;
}

void Generation::tell(AnswerText::Piece piece, AnswerChannel &channel)
{
    m_logprobs.append(std::move(piece.logprobs));
    if (m_parser) {
        if (!piece.text.isEmpty())
            tell(m_parser->push(piece.text), channel);
    } else if (!piece.text.isEmpty() || !m_logprobs.isEmpty()) {
        tell({TextDelta{.choice = m_choice, .text = std::move(piece.text)}}, channel);
    }
}

void Generation::tell(QList<ChatEvent> events, AnswerChannel &channel)
{
    for (ChatEvent &event : events) {
        m_isThinking = std::holds_alternative<ReasoningDelta>(event);
        if (auto *text = std::get_if<TextDelta>(&event))
            text->logprobs = std::exchange(m_logprobs, {});
        else
            m_logprobs.clear(); // of thoughts and calls: there is no place for them
        channel.push(std::move(event));
    }
}

Generation::Progress Generation::finish(FinishReason reason, AnswerChannel &channel)
{
    tell(m_text.finish(), channel);
    if (m_parser) {
        tell(m_parser->finish(reason == FinishReason::Stop), channel);
        if (m_parser->hasToolCalls() && reason == FinishReason::Stop)
            reason = FinishReason::ToolCalls;
    }
    channel.push(ChoiceFinished{.choice = m_choice, .reason = reason});
    return Progress::Finished;
}

} // namespace gatehouse
