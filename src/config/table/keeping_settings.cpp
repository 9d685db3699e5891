// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/table/keeping_settings.h"

namespace gatehouse {

namespace {

using Specs = std::vector<SettingSpec<Settings>>;

constexpr qint64 day = 86'400;
constexpr qint64 mebibyte = 1024 * 1024;

void addCache(Specs &specs)
{
    specs.push_back(
        {.key = "cache.enabled",
         .binding = boolean(at(&Settings::cache, &CacheSettings::enabled)),
         .aliases = {{"CACHE_ENABLED"}, {"GEMMA_CACHE_ENABLED"}},
         .documentation =
             "Answers again what was answered before, where the same key asks the same for an answer "
             "in one piece,\nat temperature 0 or with the header X-Cache: allow.",
         .reload = Reload::Live});
    specs.push_back({.key = "cache.lifetime_seconds",
                     .binding = wholeUnits<std::chrono::seconds>(
                         at(&Settings::cache, &CacheSettings::lifetime), 1, 365 * day),
                     .aliases = {{"CACHE_TTL_SECONDS"}, {"GEMMA_CACHE_TTL"}},
                     .documentation = "How long an answer is kept.",
                     .reload = Reload::Live});
    specs.push_back(
        {.key = "cache.max_bytes",
         .binding = integer(at(&Settings::cache, &CacheSettings::maxBytes), 0, 64 * 1024 * mebibyte),
         .documentation = "What all answers kept may take; the longest unused go first.",
         .reload = Reload::Live});
}

void addHistory(Specs &specs)
{
    specs.push_back(
        {.key = "history.context_tokens",
         .binding = integer(at(&Settings::history, &HistorySettings::contextTokens), 0, 100 * mebibyte),
         .documentation =
             "Tokens of prompt and answer together that a model is taken to have room for if it doesn't "
             "tell.\nOf a kept conversation, the newest turns that fit are sent along.",
         .reload = Reload::Live});
    specs.push_back({.key = "history.keep_days",
                     .binding = integer(at(&Settings::history, &HistorySettings::keepDays), 0, 36'500),
                     .documentation = "Conversations unused for so long are deleted; 0: kept for ever."});
}

} // namespace

void addKeeping(Specs &specs)
{
    addCache(specs);
    addHistory(specs);
}

} // namespace gatehouse
