// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

#include <optional>
#include <span>

namespace gatehouse {

/// One route of a pool, as the choice sees it.
struct PoolMember
{
    quint64 seed = 0;      ///< Of its key: the same in every process and after every restart.
    int weight = 1;        ///< ≥ 1.
    int outstanding = 0;   ///< Requests that it has now.
    int maxConcurrent = 0; ///< 0: no bound.
    bool isAdmitted = true;

    [[nodiscard]] bool hasRoom() const
    {
        return isAdmitted && (maxConcurrent == 0 || outstanding < maxConcurrent);
    }
};

/// The member to ask; nothing if none has room. Pure.
///
/// With an affinity (a hash of the session or of the prompt's beginning; 0: none) it is the one that weighted
/// rendezvous hashing gives, so that the upstream finds what it computed before in its prefix cache; one that
/// has no room, or would have more than 1.25 times its share of the load (rounded up), is passed over for the
/// next one of that hashing (bounded loads, Mirrokni et al. 2016). Otherwise, or where all with room would
/// have too much, the one with the fewest outstanding requests for its weight; among equals by rendezvous
/// hashing of `chance`.
[[nodiscard]] std::optional<int> choosePoolMember(std::span<const PoolMember> members, quint64 affinity,
                                                  quint64 chance);

/// The seed or affinity of some bytes: never 0, the same everywhere and for ever.
[[nodiscard]] quint64 stableHash(QByteArrayView bytes);

} // namespace gatehouse
