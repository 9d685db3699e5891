// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <array>

namespace gatehouse {

/// A Lua script and the SHA-1 under which Redis keeps it (hex, as EVALSHA wants it).
struct RedisScript
{
    explicit RedisScript(QByteArray script);
    QByteArray text;
    QByteArray sha;
};

/// One decision each, so that it is atomic. All take as ARGV[1] the time in microseconds since 1970, or ''
/// for Redis' own clock, and answer with a list of integers; the rest is told in redis_scripts.cpp.
namespace redis {
[[nodiscard]] const RedisScript &admitScript();
[[nodiscard]] const RedisScript &reserveScript();
[[nodiscard]] const RedisScript &settleScript();
[[nodiscard]] const RedisScript &renewScript();
[[nodiscard]] std::array<const RedisScript *, 4> allScripts();
} // namespace redis

} // namespace gatehouse
