// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/table/access_settings.h"

namespace gatehouse {

namespace {

using Specs = std::vector<SettingSpec<Settings>>;

constexpr qint64 million = 1'000'000;
constexpr qint64 day = 86'400;

// A yes or no of another server's, as an auth.mode. A no was an open door there, and the operator has
// written it down, so it is one here.
std::optional<QString> modeOfRequired(const QString &text)
{
    const auto required = boolOf(RawText{text});
    if (!required)
        return std::nullopt;
    return *required ? QStringLiteral("required") : QStringLiteral("off");
}

std::optional<QString> modeOfOptional(const QString &text)
{
    const auto optional = boolOf(RawText{text});
    if (!optional)
        return std::nullopt;
    return *optional ? QStringLiteral("off") : QStringLiteral("required");
}

void addAuth(Specs &specs)
{
    const std::vector<Word<AuthMode>> modes = {
        {"required", AuthMode::Required}, {"local", AuthMode::Local}, {"off", AuthMode::Off}};
    specs.push_back({.key = "auth.mode",
                     .binding = choice(at(&Settings::auth, &AuthSettings::mode), modes),
                     .aliases = {{"AUTH_REQUIRED", modeOfRequired, "true or false"},
                                 {"GEMMA_SECURITY_API_KEY_REQUIRED", modeOfRequired, "true or false"},
                                 {"API_KEY_OPTIONAL", modeOfOptional, "true or false"}},
                     .documentation = "\"required\": every caller needs a key. \"local\": callers on this "
                                      "machine need none. \"off\": nobody needs one.\n"
                                      "Where a key is set here and no mode is: \"required\". Administration "
                                      "needs an admin's key in every mode.",
                     .reload = Reload::Live,
                     .aliasesMustAgree = true});
    specs.push_back({.key = "auth.public",
                     .binding = textList(at(&Settings::auth, &AuthSettings::publicPaths), pathText,
                                         ConfigText::tr("a list of paths, each beginning with /")),
                     .documentation = "Further paths that need no key: [\"/v1/models\"].",
                     .reload = Reload::Live});
    specs.push_back({.key = "auth.trusted_proxies",
                     .binding = textList(at(&Settings::auth, &AuthSettings::trustedProxies), networkText,
                                         ConfigText::tr("a list of addresses or networks (10.0.0.0/8)")),
                     .aliases = {{"TRUSTED_PROXIES"}},
                     .documentation = "Only these may say in X-Forwarded-For whom they speak for.",
                     .reload = Reload::Live});
}

void addKeys(Specs &specs)
{
    specs.push_back({.key = "auth.api_key",
                     .binding = credential(at(&Settings::auth, &AuthSettings::apiKey)),
                     .aliases = {{"API_KEY"}},
                     .documentation =
                         "One key for everybody, of role user. Better kept in secrets.toml, beside this "
                         "file.\nKeys that can be told apart are made by: gatehouse key add",
                     .reload = Reload::Live});
    specs.push_back({.key = "auth.demo_admin_key",
                     .binding = credential(at(&Settings::auth, &AuthSettings::demoAdminKey)),
                     .aliases = {{"DEMO_ADMIN_KEY"}},
                     .documentation = "For trying things out: a key of role admin.",
                     .reload = Reload::Live});
    specs.push_back({.key = "auth.demo_user_key",
                     .binding = credential(at(&Settings::auth, &AuthSettings::demoUserKey)),
                     .aliases = {{"DEMO_USER_KEY"}},
                     .documentation = "For trying things out: a key of role user.",
                     .reload = Reload::Live});
}

void addTokens(Specs &specs)
{
    const QString expected = ConfigText::tr("printable characters, at most 4096");
    specs.push_back(
        {.key = "auth.secret_key",
         .binding = secret(at(&Settings::auth, &AuthSettings::secretKey), passphraseText, expected),
         .aliases = {{"SECRET_KEY"}},
         .documentation = "Signs the access tokens of /auth/token; replicas need the same one. "
                          "Empty: one is made and kept in data_dir."});
    specs.push_back(
        {.key = "auth.key_hash_secret",
         .binding = secret(at(&Settings::auth, &AuthSettings::keyHashSecret), passphraseText, expected),
         .documentation =
             "Keys are stored as hashes made with this; with another one no stored key is known any more.\n"
             "Replicas need the same one. Empty: one is made and kept in data_dir."});
    specs.push_back({.key = "auth.token_minutes",
                     .binding = wholeUnits<std::chrono::minutes>(
                         at(&Settings::auth, &AuthSettings::tokenLifetime), 1, 365 * 24 * 60),
                     .aliases = {{"ACCESS_TOKEN_EXPIRE_MINUTES"}},
                     .documentation = "How long an access token holds.",
                     .reload = Reload::Live});
}

void addRates(Specs &specs)
{
    specs.push_back(
        {.key = "limits.requests_per_second",
         .binding = rate(at(&Settings::limits, &LimitSettings::requestsPerSecond), 0.001, million),
         .aliases = {{"RATE_LIMIT_RPS"}},
         .documentation = "For one address (IPv6: one /64), in the long run; 0: no bound. More are answered "
                          "429.\n"
                          "Callers on this machine are exempt until this, burst or requests_per_minute is "
                          "written down.",
         .reload = Reload::Live});
    specs.push_back({.key = "limits.burst",
                     .binding = integer(at(&Settings::limits, &LimitSettings::burst), 1, million),
                     .aliases = {{"RATE_LIMIT_BURST"}},
                     .documentation = "How many of them may come at once.",
                     .reload = Reload::Live});
    specs.push_back({.key = "limits.requests_per_minute",
                     .binding = integer(at(&Settings::limits, &LimitSettings::requestsPerMinute), 0, million),
                     .aliases = {{"RATE_LIMIT_PER_MIN"}, {"GEMMA_SECURITY_RATE_LIMIT_PER_MINUTE"}},
                     .documentation = "For one address, in any 60 seconds; 0: no bound. Written down without "
                                      "requests_per_second and burst,\n"
                                      "it is the only bound.",
                     .reload = Reload::Live});
}

void addBlocks(Specs &specs)
{
    specs.push_back(
        {.key = "limits.block_after",
         .binding = integer(at(&Settings::limits, &LimitSettings::blockAfter), 0, million),
         .documentation = "An address that is refused so often in a minute is shut out; 0: never.",
         .reload = Reload::Live});
    specs.push_back(
        {.key = "limits.block_seconds",
         .binding = wholeUnits<std::chrono::seconds>(at(&Settings::limits, &LimitSettings::blockFor), 1, day),
         .documentation = "How long it is shut out the first time; each further time is twice as long.",
         .reload = Reload::Live});
    specs.push_back({.key = "limits.longest_block_seconds",
                     .binding = wholeUnits<std::chrono::seconds>(
                         at(&Settings::limits, &LimitSettings::longestBlock), 1, 30 * day),
                     .documentation = "The longest that this gets.",
                     .reload = Reload::Live});
    specs.push_back({.key = "limits.max_addresses",
                     .binding = integer(at(&Settings::limits, &LimitSettings::maxAddresses), 1, 10 * million),
                     .documentation = "How many addresses are remembered; the longest unseen go first.",
                     .reload = Reload::Live});
}

void addDatabase(Specs &specs)
{
    specs.push_back({.key = "database.url",
                     .binding = secretUrl(at(&Settings::database, &DatabaseSettings::url), databaseUrlText,
                                          ConfigText::tr("postgresql://user:password@host:port/name or "
                                                         "sqlite:///file")),
                     .aliases = {{"DATABASE_URL"}},
                     .documentation = "Keys, users and the request log: "
                                      "postgresql://user:password@host:port/name, or sqlite:///file, "
                                      "relative to data_dir.\n"
                                      "Empty: SQLite, gatehouse.db in data_dir. With a password better kept "
                                      "in secrets.toml."});
    specs.push_back(
        {.key = "database.keep_requests_days",
         .binding = integer(at(&Settings::database, &DatabaseSettings::keepRequestsDays), 0, 36'500),
         .documentation = "Older entries leave the request log; 0: they stay for ever."});
    specs.push_back(
        {.key = "database.max_requests",
         .binding = integer(at(&Settings::database, &DatabaseSettings::maxRequests), 0, million * million),
         .documentation = "The request log's longest length; the oldest entries leave. 0: no bound."});
}

void addRedis(Specs &specs)
{
    specs.push_back({.key = "redis.enabled",
                     .binding = boolean(at(&Settings::redis, &RedisSettings::enabled)),
                     .aliases = {{"USE_REDIS"}},
                     .documentation = "Counts limits in a Redis server, which replicas share. While it can't "
                                      "be reached, each counts by itself."});
    specs.push_back({.key = "redis.url",
                     .binding = secretUrl(at(&Settings::redis, &RedisSettings::url), redisUrlText,
                                          ConfigText::tr("redis://user:password@host:port/database or "
                                                         "unix:///path")),
                     .aliases = {{"REDIS_URL"}},
                     .documentation = "redis://user:password@host:port/database, or unix:///path."});
}

} // namespace

void addAccess(Specs &specs)
{
    addAuth(specs);
    addKeys(specs);
    addTokens(specs);
    addRates(specs);
    addBlocks(specs);
    addDatabase(specs);
    addRedis(specs);
}

} // namespace gatehouse
