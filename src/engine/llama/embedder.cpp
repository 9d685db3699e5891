// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/embedder.h"

#include <llama.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace gatehouse {

namespace {

constexpr int leastRoom = 512;
constexpr int aborted = 2; // llama_decode()'s word for it

/// Attention without flash attention takes memory by the square of what is read at once.
constexpr int mostReadPlainly = 1024;

enum llama_pooling_type poolingType(Model::Pooling pooling)
{
    switch (pooling) {
    case Model::Pooling::Mean:
        return LLAMA_POOLING_TYPE_MEAN;
    case Model::Pooling::First:
        return LLAMA_POOLING_TYPE_CLS;
    case Model::Pooling::Last:
        return LLAMA_POOLING_TYPE_LAST;
    case Model::Pooling::Rank:
        return LLAMA_POOLING_TYPE_RANK;
    }
    Q_UNREACHABLE();
}

} // namespace

Embedder::Embedder(const Model &model, const ContextPlan &plan, bool readsWhole,
                   const std::atomic<bool> &interrupted)
    : m_model(model)
    , m_plan(plan)
    , m_readsWhole(readsWhole)
    , m_interrupted(interrupted)
    , m_pooling(model.pooling())
{}

Embedder::Outcome Embedder::advance(std::span<const Token> text)
{
    if (!hasRoomFor(text.size()))
        return Outcome::Failed;
    if (!std::ranges::equal(text, m_text))
        begin(text);
    if (m_read < m_text.size()) {
        const std::size_t most = m_readsWhole ? m_text.size() : static_cast<std::size_t>(m_plan.step);
        const std::size_t count = std::min(m_text.size() - m_read, most);
        const auto from = m_text.begin() + static_cast<std::ptrdiff_t>(m_read);
        const int result = compute(Tokens(from, from + static_cast<std::ptrdiff_t>(count)));
        if (result != 0 || !collect(count)) {
            m_text.clear();
            return result == aborted ? Outcome::More : Outcome::Failed;
        }
        m_read += count;
    }
    return m_read == m_text.size() ? Outcome::Done : Outcome::More;
}

QList<float> Embedder::vector(int dimensions) const
{
    const auto end = m_sum.begin() + std::min<std::ptrdiff_t>(dimensions, std::ssize(m_sum));
    const double length = std::sqrt(std::inner_product(m_sum.begin(), end, m_sum.begin(), 0.0));
    if (!std::isfinite(length) || length <= 0)
        return {};
    QList<float> values;
    values.reserve(dimensions);
    std::transform(m_sum.begin(), end, std::back_inserter(values),
                   [length](double value) { return static_cast<float>(value / length); });
    return values;
}

/// A context for every length would take the memory of the longest text from the first one on.
bool Embedder::hasRoomFor(std::size_t tokens)
{
    if (m_context && static_cast<int>(tokens) <= m_room)
        return true;
    const auto wanted = static_cast<int>(std::bit_ceil(tokens));
    m_text.clear();
    m_context.reset(); // first, so that there are never two
    m_room = std::min(std::max(wanted, leastRoom), m_plan.length);
    m_context = makeContext(m_room);
    return m_context != nullptr;
}

LlamaContextPtr Embedder::makeContext(int length) const
{
    llama_context_params params = llama_context_default_params();
    params.n_ctx = static_cast<std::uint32_t>(length);
    params.n_threads = params.n_threads_batch = m_plan.threads;
    params.embeddings = true;
    params.abort_callback = isInterrupted;
    params.abort_callback_data = const_cast<std::atomic<bool> *>(&m_interrupted); // which it only reads
    params.n_batch = params.n_ubatch = static_cast<std::uint32_t>(m_readsWhole ? length : m_plan.step);
    params.pooling_type = m_readsWhole ? poolingType(m_pooling) : LLAMA_POOLING_TYPE_NONE;
    // By the model and not by the text, whose vector would depend on what was asked before.
    if (!llama_supports_gpu_offload() && (!m_readsWhole || m_plan.length <= mostReadPlainly))
        params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    return LlamaContextPtr(llama_init_from_model(m_model.handle(), params));
}

void Embedder::begin(std::span<const Token> text)
{
    if (llama_memory_t memory = llama_get_memory(m_context.get()))
        llama_memory_clear(memory, false);
    m_text.assign(text.begin(), text.end());
    m_read = 0;
    m_sum.assign(static_cast<std::size_t>(m_model.vectorLength()), 0.0);
}

/// llama.cpp's result: 0 is good.
int Embedder::compute(Tokens tokens)
{
    const llama_batch batch = llama_batch_get_one(tokens.data(), static_cast<std::int32_t>(tokens.size()));
    const bool hasMemory = llama_get_memory(m_context.get()) != nullptr;
    return hasMemory ? llama_decode(m_context.get(), batch) : llama_encode(m_context.get(), batch);
}

/// Adds up what the step has given: the vector of the text, or those of `count` tokens.
bool Embedder::collect(std::size_t count)
{
    const auto add = [this](const float *values) {
        for (std::size_t i = 0; values != nullptr && i < m_sum.size(); ++i)
            m_sum[i] += static_cast<double>(values[i]);
        return values != nullptr;
    };
    if (m_readsWhole)
        return add(llama_get_embeddings_seq(m_context.get(), 0));
    const std::size_t left = m_text.size() - m_read;
    for (std::size_t i = 0; i < count; ++i) {
        const bool counts = m_pooling == Model::Pooling::First  ? m_read + i == 0
                            : m_pooling == Model::Pooling::Last ? i + 1 == left
                                                                : true;
        if (counts && !add(llama_get_embeddings_ith(m_context.get(), static_cast<std::int32_t>(i))))
            return false;
    }
    return true;
}

} // namespace gatehouse
