// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/memory_limits.h"

#include "admission/limits/address_key.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// The gates of one request that look at its address and its key, with their locks held.
struct RequestGates
{
    const LimitSettings &settings;
    AddressCounters *address; ///< Null: exempt.
    KeyCounters *key;         ///< Null: none.
    const KeyLimits &limits;

    [[nodiscard]] std::optional<Stop> stop(MonotonicTime now) const
    {
        std::optional<Stop> found = address ? address->stop(settings, now) : std::nullopt;
        if (!found && key)
            found = key->stopRequest(limits, now);
        return found && address ? address->refuse(*found, settings, now) : found;
    }
    void take(MonotonicTime now) const
    {
        if (address)
            address->take(settings, now);
        if (key)
            key->takeRequest(limits, now);
    }
    [[nodiscard]] RateFigures figures(MonotonicTime now) const
    {
        RateFigures figures;
        if (key)
            figures.requests = key->requestFigure(limits, now);
        if (!figures.requests && address)
            figures.requests = address->figure(settings, now);
        return figures;
    }
};

template <typename Shards, typename Key>
auto &shardIn(Shards &shards, const Key &key)
{
    return shards[(qHash(key, QHashSeed::globalSeed()) >> 20) % shards.size()];
}

} // namespace

MemoryLimits::MemoryLimits(const LimitSettings &settings, const Clock &clock)
    : m_clock(clock)
    , m_settings(std::make_shared<LimitSettings>(settings))
{}

void MemoryLimits::apply(const LimitSettings &settings)
{
    m_settings.swap(std::make_shared<LimitSettings>(settings));
}

Decision<Admitted> MemoryLimits::admit(const LimitSubject &subject)
{
    const auto settings = m_settings.get();
    std::unique_lock<std::mutex> addressLock, keyLock;
    AddressCounters *address = nullptr;
    if (isLimited(subject.address, *settings)) {
        const quint64 id = addressKey(subject.address);
        AddressShard &shard = shardIn(m_addresses, id);
        const std::size_t most = std::size_t(std::max(settings->maxAddresses, int(shardCount))) / shardCount;
        addressLock = std::unique_lock(shard.mutex);
        address = &shard.table.touch(id);
        shard.table.dropWhile([&](const AddressCounters &) { return shard.table.size() > most; });
    }
    KeyCounters *key = nullptr;
    if (subject.key) {
        KeyShard &shard = shardOf(subject.key->id);
        keyLock = std::unique_lock(shard.mutex);
        key = &countersOf(shard, subject.key->id);
    }
    static const KeyLimits none;
    const RequestGates gates{*settings, address, key, subject.key ? subject.key->limits : none};
    // Read with the locks held, so that no counter ever sees time go back.
    const MonotonicTime now = m_clock.now();
    if (const auto stop = gates.stop(now))
        return makeRefusal(*stop, gates.figures(now));
    gates.take(now);
    return Admitted{gates.figures(now)};
}

std::variant<MemoryLimits::Held, Refusal> MemoryLimits::reserve(const LimitSubject &subject,
                                                                const TokenAsk &ask)
{
    KeyShard &shard = shardOf(subject.key->id);
    const std::lock_guard lock(shard.mutex);
    KeyCounters &key = countersOf(shard, subject.key->id);
    const KeyLimits &limits = subject.key->limits;
    const KeyCounters::Moment moment{m_clock.now(), m_clock.wallNow()};
    if (const auto stop = key.stopTokens(limits, ask, moment))
        return makeRefusal(*stop, {.tokens = key.tokenFigure(limits, moment)});
    const KeyHold hold = key.reserve(limits, ask, moment.now);
    return Held{hold, {.tokens = key.tokenFigure(limits, moment)}};
}

void MemoryLimits::settle(const QByteArray &keyId, const KeyHold &hold, qint64 used)
{
    KeyShard &shard = shardOf(keyId);
    const std::lock_guard lock(shard.mutex);
    // It is there: what holds something is not forgotten.
    shard.table.touch(keyId).settle(hold, used, {m_clock.now(), m_clock.wallNow()});
}

std::size_t MemoryLimits::addressCount()
{
    std::size_t count = 0;
    for (AddressShard &shard : m_addresses) {
        const std::lock_guard lock(shard.mutex);
        count += shard.table.size();
    }
    return count;
}

std::size_t MemoryLimits::keyCount()
{
    std::size_t count = 0;
    for (KeyShard &shard : m_keys) {
        const std::lock_guard lock(shard.mutex);
        count += shard.table.size();
    }
    return count;
}

MemoryLimits::KeyShard &MemoryLimits::shardOf(const QByteArray &keyId)
{
    return shardIn(m_keys, keyId);
}

KeyCounters &MemoryLimits::countersOf(KeyShard &shard, const QByteArray &keyId)
{
    const MonotonicTime now = m_clock.now();
    shard.table.dropWhile([now](const KeyCounters &key) { return key.isForgettable(now); });
    return shard.table.touch(keyId);
}

} // namespace gatehouse
