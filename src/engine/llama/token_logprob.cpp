// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/token_logprob.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gatehouse {

TokenLogprob tokenLogprob(const Model &model, std::span<const float> logits, Token token, int alternatives)
{
    const double highest = static_cast<double>(*std::ranges::max_element(logits));
    double sum = 0;
    for (const float logit : logits)
        sum += std::exp(static_cast<double>(logit) - highest);
    const double norm = highest + std::log(sum);
    const auto logprobOf = [&](Token t) {
        return static_cast<double>(logits[static_cast<std::size_t>(t)]) - norm;
    };

    Tokens order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    const auto count = std::min<std::ptrdiff_t>(alternatives, std::ssize(order));
    std::ranges::partial_sort(order, order.begin() + count,
                              [&](Token a, Token b) { return logprobOf(a) > logprobOf(b); });

    TokenLogprob result{.token = model.bytesOf(token, true), .logprob = logprobOf(token)};
    for (auto it = order.begin(); it != order.begin() + count; ++it)
        result.top.append({.token = model.bytesOf(*it, true), .logprob = logprobOf(*it)});
    return result;
}

} // namespace gatehouse
