// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/redis_scripts.h"

#include <QCryptographicHash>

namespace gatehouse {

namespace {

// The gates in Lua. Each does what the class of its name does in C++, step by step; tests run the same cases
// on both. Times are milliseconds, where nothing else is said.
constexpr const char *common = R"lua(
local now_us = tonumber(ARGV[1])
if not now_us then
    local time = redis.call('TIME')
    now_us = time[1] * 1000000 + time[2]
end
local now = math.floor(now_us / 1000)

local function text(number)
    return string.format('%.0f', number)
end
local function argument(i)
    return tonumber(ARGV[i])
end

-- The first gate that says no.
local gate, delay = 0, 0
local function stop(which, wait)
    if gate == 0 and wait > 0 then
        gate, delay = which, wait
    end
end

-- SlidingWindow: in the hash `key`, fields that begin with `name`: runs h to t - 1, each 'moment amount', and
-- their sum s.
local function run(w, i)
    local moment, amount = string.match(redis.call('HGET', w.key, w.name .. i), '(%d+) (%d+)')
    return tonumber(moment), tonumber(amount)
end
local function save_run(w, i, moment, amount)
    redis.call('HSET', w.key, w.name .. i, text(moment) .. ' ' .. text(amount))
end
local function save(w)
    redis.call('HSET', w.key, w.name .. 'h', w.h, w.name .. 't', w.t, w.name .. 's', text(w.s))
end
local function open(key, name, length)
    local v = redis.call('HMGET', key, name .. 'h', name .. 't', name .. 's')
    local w = {key = key, name = name, length = length,
               h = tonumber(v[1]) or 0, t = tonumber(v[2]) or 0, s = tonumber(v[3]) or 0}
    local first = w.h
    while w.h < w.t do
        local moment, amount = run(w, w.h)
        if moment + length > now then
            break
        end
        redis.call('HDEL', key, name .. w.h)
        w.h, w.s = w.h + 1, w.s - amount
    end
    if w.h > first then
        save(w)
    end
    return w
end
local function wait(w, limit, amount)
    local left = w.s
    if left + amount <= limit then
        return 0
    end
    for i = w.h, w.t - 1 do
        local moment, n = run(w, i)
        left = left - n
        if left + amount <= limit then
            return moment + w.length - now
        end
    end
    return w.length
end
local function take(w, amount)
    local step = w.t - w.h < 1800 and 1 or math.floor(w.length / 1800)
    local moment = math.ceil(math.ceil(now_us / 1000) / step) * step
    local last, before = -1, 0
    if w.t > w.h then
        last, before = run(w, w.t - 1)
    end
    if moment <= last then
        moment = last
    else
        w.t, before = w.t + 1, 0
    end
    save_run(w, w.t - 1, moment, before + amount)
    w.s = w.s + amount
    save(w)
    return moment, w.t - 1
end
local function until_empty(w)
    if w.t == w.h then
        return 0
    end
    local moment = run(w, w.t - 1)
    return moment + w.length - now
end
)lua";

// KEYS: the address' hash, the key's hash; `gatehouse:` for what is exempt (no user who
// may see only `gatehouse:*` may name ''). ARGV: 2 microseconds a token of the bucket
// (0: none), 3 burst, 4 requests a minute of the address (0: none), 5 blockAfter, 6 blockFor, 7 longestBlock,
// 8 requests an hour and 9 a minute of the key (−1: none). Answers: gate, wait, then limit, used and time
// until empty of the figure (limit −1: none).
constexpr const char *admit = R"lua(
local none, a, k = 'gatehouse:', KEYS[1], KEYS[2]
local refill, burst, a_limit = argument(2), argument(3), argument(4)
local block_after, block_for, longest = argument(5), argument(6), argument(7)
local h_limit, m_limit = argument(8), argument(9)
local full_at, blocked, forgiven, length, a_minute, k_hour, k_minute

if a ~= none then
    local v = redis.call('HMGET', a, 'full', 'until', 'forgiven', 'length')
    full_at, blocked = tonumber(v[1]) or 0, tonumber(v[2]) or 0
    forgiven, length = tonumber(v[3]) or 0, tonumber(v[4]) or 0
    stop(1, blocked - now)
    if a_limit > 0 then
        a_minute = open(a, 'm', 60000)
        stop(2, wait(a_minute, a_limit, 1))
    end
    if refill > 0 then
        stop(3, math.ceil((full_at - refill * (burst - 1) - now_us) / 1000))
    end
end
if k ~= none and h_limit >= 0 then
    k_hour = open(k, 'h', 3600000)
    stop(4, wait(k_hour, h_limit, 1))
end
if k ~= none and m_limit >= 0 then
    k_minute = open(k, 'm', 60000)
    stop(5, wait(k_minute, m_limit, 1))
end

if gate == 0 then
    if a_minute then take(a_minute, 1) end
    if a ~= none and refill > 0 then
        full_at = math.max(full_at, now_us) + refill
        redis.call('HSET', a, 'full', text(full_at))
    end
    if k_hour then take(k_hour, 1) end
    if k_minute then take(k_minute, 1) end
elseif gate > 1 and a ~= none and block_after > 0 then
    -- AddressBlock
    if now >= forgiven then length = 0 end
    local refusals = open(a, 'r', 60000)
    take(refusals, 1)
    if refusals.s >= block_after then
        length = math.min(length == 0 and block_for or length * 2, longest)
        blocked = now + length
        for i = refusals.h, refusals.t - 1 do
            redis.call('HDEL', a, 'r' .. i)
        end
        redis.call('HDEL', a, 'rh', 'rt', 'rs')
        gate, delay = 1, length
    end
    forgiven = math.max(now, blocked) + length
    redis.call('HSET', a, 'until', text(blocked), 'forgiven', text(forgiven), 'length', text(length))
end

if a ~= none then
    local rest = math.max(60000, forgiven - now, math.ceil((full_at - now_us) / 1000))
    redis.call('PEXPIRE', a, text(rest + 1000))
end
if k ~= none then
    redis.call('PEXPIRE', k, 3601000)
end

local w = k_minute or k_hour or a_minute
local limit = k_minute and m_limit or k_hour and h_limit or a_limit
if k_minute and k_hour and h_limit - k_hour.s < m_limit - k_minute.s then
    w, limit = k_hour, h_limit
end
if not w and a ~= none and refill > 0 then
    local missing = math.max(0, full_at - now_us)
    return {gate, delay, math.max(burst, 1), math.ceil(missing / refill), math.ceil(missing / 1000)}
end
if not w then
    return {gate, delay, -1, 0, 0}
end
return {gate, delay, limit, w.s, until_empty(w)}
)lua";

// KEYS: the key's hash, its leases, its month. ARGV: 2 tokens a minute, 3 tokens a month, 4 concurrency (−1:
// none), 5 prompt, 6 what to reserve of the minute, 7 of the month, 8 used this month at least, 9 the lease's
// name, 10 how long it lasts. Answers: as admit; then moment and number of the run that was taken from
// (moment −1: none), tokens reserved of which month (month −1: none). A lease is a member 'name tokens month'
// of a sorted set, its score the end of it.
constexpr const char *reserve = R"lua(
local k, leases, month_key = KEYS[1], KEYS[2], KEYS[3]
local tpm, monthly, concurrent, prompt = argument(2), argument(3), argument(4), argument(5)

-- Months since January of the year 0, and days since 1970 at the beginning of one (H. Hinnant,
-- "chrono-Compatible Low-Level Date Algorithms").
local function month_of(time)
    local z = math.floor(time / 86400000) + 719468
    local era = math.floor(z / 146097)
    local doe = z - era * 146097
    local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524)
                            - math.floor(doe / 146096)) / 365)
    local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
    local mp = math.floor((5 * doy + 2) / 153)
    return (yoe + era * 400) * 12 + mp + 2
end
local function beginning(month)
    local y, mp = math.floor((month - 2) / 12), (month - 2) % 12
    local era = math.floor(y / 400)
    local yoe = y - era * 400
    local doy = math.floor((153 * mp + 2) / 5)
    local doe = yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy
    return (era * 146097 + doe - 719468) * 86400000
end

local month, used, reserved = month_of(now), 0, 0
redis.call('ZREMRANGEBYSCORE', leases, '-inf', now_us / 1000)
if tpm >= 0 and prompt > tpm then
    stop(6, 60000)
end
if monthly >= 0 then
    local v = redis.call('HMGET', month_key, 'month', 'used')
    if tonumber(v[1]) == month then
        used = tonumber(v[2])
    end
    used = math.max(used, argument(8))
    for _, member in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
        local tokens, of_month = string.match(member, ' (%d+) (%d+)$')
        if tonumber(of_month) == month then
            reserved = reserved + tokens
        end
    end
    if used + math.max(prompt, 1) > monthly then
        stop(7, beginning(month + 1) - now)
    end
end
local minute
if tpm >= 0 then
    minute = open(k, 't', 60000)
    stop(8, wait(minute, tpm, argument(6)))
end
if monthly >= 0 and used + reserved + math.max(prompt, 1) > monthly then
    stop(9, 1000)
end
if concurrent >= 0 and redis.call('ZCARD', leases) >= concurrent then
    stop(10, 1000)
end

local moment, number, amount = -1, 0, 0
if gate == 0 then
    if minute then
        moment, number = take(minute, argument(6))
        redis.call('PEXPIRE', k, 3601000)
    end
    if monthly >= 0 then
        amount = math.min(argument(7), monthly - used - reserved)
        reserved = reserved + amount
        redis.call('HSET', month_key, 'month', month, 'used', text(used))
        redis.call('PEXPIRE', month_key, text(32 * 86400000))
    end
    if monthly >= 0 or concurrent >= 0 then
        local member = ARGV[9] .. ' ' .. text(amount) .. ' ' .. month
        redis.call('ZADD', leases, text(now + argument(10)), member)
        redis.call('PEXPIRE', leases, text(argument(10) + 1000))
    end
end

local limit, gone, reset = -1, 0, 0
if minute then
    limit, gone, reset = tpm, minute.s, until_empty(minute)
end
if monthly >= 0 and (not minute or monthly - used - reserved < tpm - minute.s) then
    limit, gone, reset = monthly, used + reserved, beginning(month + 1) - now
end
return {gate, delay, limit, gone, reset, moment, number, amount, month}
)lua";

// KEYS: as reserve. ARGV: 2 the lease, 3 moment and 4 number of the run (moment −1: none), 5 what was used
// beyond what was reserved of the minute, 6 month (−1: none), 7 tokens used.
constexpr const char *settle = R"lua(
redis.call('ZREM', KEYS[2], ARGV[2])
local moment, amount = string.match(redis.call('HGET', KEYS[1], 't' .. ARGV[4]) or '', '(%d+) (%d+)')
if moment == ARGV[3] then
    local now_is = math.max(amount + argument(5), 0)
    redis.call('HSET', KEYS[1], 't' .. ARGV[4], moment .. ' ' .. text(now_is))
    redis.call('HINCRBY', KEYS[1], 'ts', text(now_is - amount))
end
if redis.call('HGET', KEYS[3], 'month') == ARGV[6] then
    redis.call('HINCRBY', KEYS[3], 'used', ARGV[7])
end
return {0}
)lua";

// KEYS: the leases' sets. ARGV: 2 how long they last, 3 and on: the lease in each. One that Redis has lost
// meanwhile is there again.
constexpr const char *renew = R"lua(
for i, leases in ipairs(KEYS) do
    redis.call('ZADD', leases, text(now + argument(2)), ARGV[i + 2])
    redis.call('PEXPIRE', leases, text(argument(2) + 1000))
end
return {0}
)lua";

} // namespace

RedisScript::RedisScript(QByteArray script)
    : text(std::move(script))
    , sha(QCryptographicHash::hash(text, QCryptographicHash::Sha1).toHex())
{}

const RedisScript &redis::admitScript()
{
    static const RedisScript script(QByteArray(common) + admit);
    return script;
}

const RedisScript &redis::reserveScript()
{
    static const RedisScript script(QByteArray(common) + reserve);
    return script;
}

const RedisScript &redis::settleScript()
{
    static const RedisScript script(QByteArray(common) + settle);
    return script;
}

const RedisScript &redis::renewScript()
{
    static const RedisScript script(QByteArray(common) + renew);
    return script;
}

std::array<const RedisScript *, 4> redis::allScripts()
{
    return {&admitScript(), &reserveScript(), &settleScript(), &renewScript()};
}

} // namespace gatehouse
