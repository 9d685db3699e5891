// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/context.h"

#include "engine/llama/llama_log.h"
#include "engine/thread_count.h"

#include <llama.h>

#include <algorithm>
#include <bit>

namespace gatehouse {

namespace {

constexpr int defaultLength = 8192;

/// An interrupted step ends when the matrix under way is done, and on a GPU only as a whole. So a step is
/// sized for its biggest matrix (about a third of a layer) to take some 20 ms at 100 billion operations a
/// second.
int suitableStep(const llama_model *model)
{
    const auto parameters = static_cast<double>(llama_model_n_params(model));
    const double matrix = parameters / std::max(1, llama_model_n_layer(model)) / 3;
    const double tokens = 2e9 / (2 * std::max(matrix, 1.0));
    return static_cast<int>(std::bit_floor(static_cast<unsigned>(std::clamp(tokens, 16.0, 256.0))));
}

} // namespace

ContextPlan::ContextPlan(const Model &model, const EngineOptions &options)
    : length(
          std::min(options.contextLength > 0 ? options.contextLength : defaultLength, model.trainedContext()))
    , threads(options.threads > 0 ? options.threads
                                  : suitableThreads(availableProcessors(), model.parameters()))
    , step(suitableStep(model.handle()))
{}

void LlamaContextDeleter::operator()(llama_context *context) const
{
    llama_free(context);
}

bool isInterrupted(void *flag)
{
    return static_cast<const std::atomic<bool> *>(flag)->load(std::memory_order_relaxed);
}

Result<std::unique_ptr<Context>> Context::make(const Model &model, const ContextPlan &plan,
                                               const std::atomic<bool> &interrupted, LlamaLog &log)
{
    std::unique_ptr<Context> context(new Context(model, plan, interrupted));
    if (!context->m_context) {
        return Error{.code = ErrorCode::UpstreamUnreachable,
                     .message = QStringLiteral("The model could not be loaded."),
                     .detail = log.takeError()};
    }
    return context;
}

Context::Context(const Model &model, const ContextPlan &plan, const std::atomic<bool> &interrupted)
    : m_model(model)
    , m_plan(plan)
{
    llama_context_params params = llama_context_default_params();
    params.n_ctx = static_cast<std::uint32_t>(plan.length);
    params.n_batch = params.n_ubatch = static_cast<std::uint32_t>(plan.step);
    params.n_outputs_max = 1;
    params.n_threads = params.n_threads_batch = plan.threads;
    // Measured on processors: half as fast again without it at a few hundred tokens. GPUs want it.
    if (!llama_supports_gpu_offload())
        params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.abort_callback = isInterrupted;
    params.abort_callback_data = const_cast<std::atomic<bool> *>(&interrupted); // which it only reads
    m_context.reset(llama_init_from_model(model.handle(), params));
}

Context::~Context() = default;

bool Context::continuesTexts() const
{
    return llama_get_memory(m_context.get()) != nullptr && !m_model.looksAhead();
}

Context::Outcome Context::advance(std::span<const Token> tokens)
{
    const std::size_t kept = reusable(tokens);
    forgetFrom(kept);
    const std::span<const Token> rest = tokens.subspan(m_computed.size());
    const std::size_t count = std::min(rest.size(), static_cast<std::size_t>(m_plan.step));
    Tokens step(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
    const llama_batch batch = llama_batch_get_one(step.data(), static_cast<std::int32_t>(count));
    m_hasLogits = false;
    const std::int32_t result = llama_decode(m_context.get(), batch);
    if (result != 0) {
        readBack();
        return result == 2 ? Outcome::Aborted : Outcome::Failed;
    }
    m_computed.insert(m_computed.end(), step.begin(), step.end());
    m_hasLogits = true;
    return Outcome::Advanced;
}

std::size_t Context::reusable(std::span<const Token> tokens) const
{
    const std::size_t most = std::min(m_computed.size(), tokens.empty() ? 0 : tokens.size() - 1);
    const auto difference =
        std::mismatch(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(most), m_computed.begin());
    return static_cast<std::size_t>(difference.first - tokens.begin());
}

bool Context::hasAll(std::span<const Token> tokens) const
{
    return m_hasLogits && std::ranges::equal(tokens, m_computed);
}

std::span<const float> Context::logits() const
{
    const float *values = llama_get_logits_ith(m_context.get(), -1);
    return {values, values == nullptr ? 0 : static_cast<std::size_t>(m_model.vocabularySize())};
}

/// Some models can't forget a part: those with a running state, and a sliding window that has passed by.
void Context::forgetFrom(std::size_t position)
{
    if (position >= m_computed.size())
        return;
    llama_memory_t memory = llama_get_memory(m_context.get());
    const llama_pos window = llama_model_n_swa(m_model.handle());
    const auto kept = static_cast<llama_pos>(position);
    const bool windowPassed = window > 0 && llama_memory_seq_pos_min(memory, 0) > std::max(0, kept - window);
    if (windowPassed || !llama_memory_seq_rm(memory, 0, kept, -1)) {
        llama_memory_clear(memory, false);
        position = 0;
    }
    m_computed.resize(position);
    m_hasLogits = false;
}

/// After a step that was not completed: only the memory itself knows what is in it.
void Context::readBack()
{
    const llama_pos last = llama_memory_seq_pos_max(llama_get_memory(m_context.get()), 0);
    m_computed.resize(std::min(m_computed.size(), static_cast<std::size_t>(last + 1)));
    forgetFrom(m_computed.size());
}

} // namespace gatehouse
