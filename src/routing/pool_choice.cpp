// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/pool_choice.h"

#include <algorithm>
#include <cmath>

namespace gatehouse {

namespace {

/// Spreads a change of any bit over all of them (the finalizer of SplitMix64, Steele et al. 2014).
quint64 mixed(quint64 bits)
{
    bits ^= bits >> 30;
    bits *= 0xbf58476d1ce4e5b9ULL;
    bits ^= bits >> 27;
    bits *= 0x94d049bb133111ebULL;
    return bits ^ (bits >> 31);
}

int weightOf(const PoolMember &member)
{
    return std::max(1, member.weight);
}

/// Weighted rendezvous hashing: the highest score wins, each member as often as its weight has it
/// (Schindelhauer and Schomaker, 2005).
double score(const PoolMember &member, quint64 key)
{
    constexpr double steps = 9007199254740992.0; // 2⁵³: what a double tells apart between 0 and 1.
    const auto step = static_cast<double>(mixed(member.seed ^ mixed(key)) >> 11);
    return -weightOf(member) / std::log((step + 0.5) / steps);
}

/// What is shared among those that are asked at all, this request included.
struct Load
{
    qint64 requests = 1;
    qint64 weights = 0;

    /// Fewer than 1.25 times its share, rounded up: at least one member always has.
    [[nodiscard]] bool isBearable(const PoolMember &member) const
    {
        const qint64 scaled = 5 * requests * weightOf(member);
        const qint64 bound = (scaled + 4 * weights - 1) / (4 * weights);
        return member.outstanding < bound;
    }
};

Load loadOf(std::span<const PoolMember> members)
{
    Load load;
    for (const PoolMember &member : members) {
        if (!member.isAdmitted)
            continue;
        load.requests += member.outstanding;
        load.weights += weightOf(member);
    }
    return load;
}

std::optional<int> sticky(std::span<const PoolMember> members, quint64 affinity)
{
    const Load load = loadOf(members);
    std::optional<int> best;
    double bestScore = 0;
    for (int i = 0; i < static_cast<int>(members.size()); ++i) {
        const PoolMember &member = members[static_cast<size_t>(i)];
        if (!member.hasRoom() || !load.isBearable(member))
            continue;
        const double its = score(member, affinity);
        if (!best || its > bestScore) {
            best = i;
            bestScore = its;
        }
    }
    return best;
}

std::optional<int> leastBusy(std::span<const PoolMember> members, quint64 chance)
{
    std::optional<int> best;
    double bestScore = 0;
    for (int i = 0; i < static_cast<int>(members.size()); ++i) {
        const PoolMember &member = members[static_cast<size_t>(i)];
        if (!member.hasRoom())
            continue;
        const double its = score(member, chance);
        if (best) {
            const PoolMember &other = members[static_cast<size_t>(*best)];
            const qint64 load = qint64(member.outstanding) * weightOf(other);
            const qint64 otherLoad = qint64(other.outstanding) * weightOf(member);
            if (load > otherLoad || (load == otherLoad && its <= bestScore))
                continue;
        }
        best = i;
        bestScore = its;
    }
    return best;
}

} // namespace

std::optional<int> choosePoolMember(std::span<const PoolMember> members, quint64 affinity, quint64 chance)
{
    if (affinity != 0) {
        if (const std::optional<int> found = sticky(members, affinity))
            return found;
    }
    return leastBusy(members, chance);
}

quint64 stableHash(QByteArrayView bytes)
{
    quint64 hash = 0xcbf29ce484222325ULL; // FNV-1a, whose low bits alone would be weak.
    for (const char byte : bytes) {
        hash ^= static_cast<unsigned char>(byte);
        hash *= 0x100000001b3ULL;
    }
    return std::max<quint64>(1, mixed(hash));
}

} // namespace gatehouse
