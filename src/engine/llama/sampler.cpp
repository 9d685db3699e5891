// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/sampler.h"

#include <sampling.h>

#include <algorithm>
#include <exception>

namespace gatehouse {

namespace {

/// The value asked for, else the one that the model's file recommends, else the one that is there.
template <typename Value, typename Asked>
void choose(Value &value, const std::optional<Asked> &asked, const Model &model, llama_model_meta_key key)
{
    if (asked) {
        value = static_cast<Value>(*asked);
        return;
    }
    bool isNumber = false;
    const double recommended = model.recommendation(key).toDouble(&isNumber);
    if (isNumber)
        value = static_cast<Value>(recommended);
}

/// 2³² − 1 means "any" to llama.cpp, and is not for a caller to know.
std::uint32_t seedFor(const std::optional<qint64> &seed, int choice)
{
    if (!seed)
        return LLAMA_DEFAULT_SEED;
    const auto number = static_cast<std::uint32_t>(*seed + choice);
    return number == LLAMA_DEFAULT_SEED ? 0 : number;
}

common_params_sampling paramsFor(const Model &model, const Sampling &sampling)
{
    common_params_sampling params;
    params.no_perf = true;
    choose(params.temp, sampling.temperature, model, LLAMA_MODEL_META_KEY_SAMPLING_TEMP);
    choose(params.top_k, sampling.topK, model, LLAMA_MODEL_META_KEY_SAMPLING_TOP_K);
    choose(params.top_p, sampling.topP, model, LLAMA_MODEL_META_KEY_SAMPLING_TOP_P);
    choose(params.min_p, sampling.minP, model, LLAMA_MODEL_META_KEY_SAMPLING_MIN_P);
    choose(params.penalty_repeat, sampling.repeatPenalty, model,
           LLAMA_MODEL_META_KEY_SAMPLING_PENALTY_REPEAT);
    choose(params.penalty_last_n, std::optional<int>(), model, LLAMA_MODEL_META_KEY_SAMPLING_PENALTY_LAST_N);
    params.penalty_present = static_cast<float>(sampling.presencePenalty.value_or(0));
    params.penalty_freq = static_cast<float>(sampling.frequencyPenalty.value_or(0));
    if (params.penalty_present != 0 || params.penalty_freq != 0)
        params.penalty_last_n = model.trainedContext(); // OpenAI's two look at the whole text
    params.samplers = {COMMON_SAMPLER_TYPE_PENALTIES, COMMON_SAMPLER_TYPE_TOP_K, COMMON_SAMPLER_TYPE_TOP_P,
                       COMMON_SAMPLER_TYPE_MIN_P, COMMON_SAMPLER_TYPE_TEMPERATURE};
    return params;
}

/// The token that is exactly this text, if there is one.
std::optional<Token> singleToken(const llama_vocab *vocabulary, const std::string &text)
{
    const llama_tokens tokens = common_tokenize(vocabulary, text, false, true);
    return tokens.size() == 1 ? std::optional(tokens.front()) : std::nullopt;
}

void addGrammar(common_params_sampling &params, const OutputRules &rules, const llama_vocab *vocabulary)
{
    params.generation_prompt = rules.opening;
    if (rules.grammar.empty())
        return;
    params.grammar = {COMMON_GRAMMAR_TYPE_TOOL_CALLS, rules.grammar};
    params.grammar_lazy = rules.grammarIsLazy;
    for (const OutputRules::Trigger &rule : rules.triggers) {
        common_grammar_trigger trigger{.type = static_cast<common_grammar_trigger_type>(rule.kind),
                                       .value = rule.value};
        if (trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_WORD) {
            if (const std::optional<Token> token = singleToken(vocabulary, rule.value)) {
                trigger.type = COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN;
                trigger.token = *token;
            }
        }
        params.grammar_triggers.push_back(std::move(trigger));
    }
    if (!rules.thinkingStart.empty() && !rules.thinkingEnds.empty()) { // a call inside a thought is none
        params.reasoning_budget_start = common_tokenize(vocabulary, rules.thinkingStart, false, true);
        for (const std::string &end : rules.thinkingEnds)
            params.reasoning_budget_end.push_back(common_tokenize(vocabulary, end, false, true));
    }
}

} // namespace

void Sampler::Free::operator()(common_sampler *sampler) const
{
    common_sampler_free(sampler);
}

Result<std::unique_ptr<Sampler>> Sampler::make(const Model &model, const Sampling &sampling,
                                               const OutputRules &rules, int choice)
{
    try {
        const llama_vocab *vocabulary = llama_model_get_vocab(model.handle());
        common_params_sampling params = paramsFor(model, sampling);
        params.seed = seedFor(sampling.seed, choice);
        std::unique_ptr<Sampler> sampler(new Sampler);
        for (const std::string &text : rules.preservedTokens) {
            if (const std::optional<Token> token = singleToken(vocabulary, text)) {
                params.preserved_tokens.insert(*token);
                sampler->m_preserved.push_back(*token);
            }
        }
        addGrammar(params, rules, vocabulary);
        sampler->m_hasPenalties =
            params.penalty_repeat != 1 || params.penalty_present != 0 || params.penalty_freq != 0;
        sampler->m_sampler.reset(common_sampler_init(model.handle(), params));
        return sampler;
    } catch (const std::exception &error) {
        return Error{.code = ErrorCode::InvalidRequest,
                     .message =
                         QStringLiteral("The tools or the response format can't be turned into a grammar."),
                     .detail = QString::fromUtf8(error.what())};
    }
}

Sampler::~Sampler() = default;

void Sampler::read(const Tokens &prompt)
{
    if (!m_hasPenalties)
        return;
    for (const Token token : prompt)
        common_sampler_accept(m_sampler.get(), token, false);
}

Token Sampler::pick(const Context &context)
{
    const Token token = common_sampler_sample(m_sampler.get(), context.handle(), -1);
    common_sampler_accept(m_sampler.get(), token, true);
    return token;
}

bool Sampler::isPreserved(Token token) const
{
    return std::ranges::find(m_preserved, token) != m_preserved.end();
}

} // namespace gatehouse
