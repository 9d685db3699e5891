// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/address_counters.h"
#include "admission/limits/key_counters.h"
#include "admission/limits/recent_table.h"
#include "base/snapshot.h"

#include <array>
#include <mutex>

namespace gatehouse {

/// The counters of this process, shared by its lanes. Decisions are exact across threads: all gates of a
/// request are asked and taken from under the locks of its address and its key. Thread-safe; addresses and
/// keys are spread over shards, so that lanes seldom wait for each other.
class MemoryLimits
{
public:
    /// `clock` outlives this.
    MemoryLimits(const LimitSettings &settings, const Clock &clock);

    /// Takes over new settings; counters stay.
    void apply(const LimitSettings &settings);
    [[nodiscard]] std::shared_ptr<const LimitSettings> settings() const { return m_settings.get(); }

    /// What was held of a key, see settle().
    struct Held
    {
        KeyHold hold;
        RateFigures figures;
    };
    [[nodiscard]] Decision<Admitted> admit(const LimitSubject &subject);
    /// The subject has a key. What is held must be settled exactly once.
    [[nodiscard]] std::variant<Held, Refusal> reserve(const LimitSubject &subject, const TokenAsk &ask);
    void settle(const QByteArray &keyId, const KeyHold &hold, qint64 used);

    [[nodiscard]] std::size_t addressCount(); ///< How many are remembered.
    [[nodiscard]] std::size_t keyCount();

private:
    static constexpr std::size_t shardCount = 16;
    template <typename Key, typename State>
    struct Shard
    {
        std::mutex mutex;
        RecentTable<Key, State> table;
    };
    using AddressShard = Shard<quint64, AddressCounters>;
    using KeyShard = Shard<QByteArray, KeyCounters>;

    [[nodiscard]] KeyShard &shardOf(const QByteArray &keyId);
    [[nodiscard]] KeyCounters &countersOf(KeyShard &shard, const QByteArray &keyId);

    const Clock &m_clock;
    Snapshot<LimitSettings> m_settings;
    std::array<AddressShard, shardCount> m_addresses; ///< Locked before a shard of keys, never after.
    std::array<KeyShard, shardCount> m_keys;
};

} // namespace gatehouse
