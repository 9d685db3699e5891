// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/usage_body.h"

namespace gatehouse::openai {

namespace {

qint64 count(const json::Value &value)
{
    return qMax<qint64>(0, value.integer().value_or(0));
}

} // namespace

std::optional<Usage> decodeUsage(const json::Value &usage)
{
    if (!usage.isObject())
        return {};
    Usage figures{.promptTokens = count(usage.find("prompt_tokens")),
                  .completionTokens = count(usage.find("completion_tokens")),
                  .cachedTokens = count(usage.find("prompt_tokens_details").find("cached_tokens")),
                  .reasoningTokens = count(usage.find("completion_tokens_details").find("reasoning_tokens"))};
    if (figures.cachedTokens == 0)
        figures.cachedTokens = count(usage.find("prompt_cache_hit_tokens")); // DeepSeek's spelling.
    return figures;
}

void writeUsage(json::Writer &writer, const Usage &usage)
{
    writer.beginObject();
    writer.key("prompt_tokens").integer(usage.promptTokens);
    writer.key("completion_tokens").integer(usage.completionTokens);
    writer.key("total_tokens").integer(usage.totalTokens());
    writer.key("prompt_tokens_details")
        .beginObject()
        .key("cached_tokens")
        .integer(usage.cachedTokens)
        .endObject();
    writer.key("completion_tokens_details").beginObject();
    writer.key("reasoning_tokens").integer(usage.reasoningTokens).endObject();
    writer.endObject();
}

} // namespace gatehouse::openai
