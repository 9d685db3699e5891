// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/waiting_room.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// A round lets in no more than these, so that it ends however many new names come along: who owes must see
/// the next one.
constexpr int newcomersPerRound = 64;
constexpr size_t mostPayers = 4096; ///< With those who have left and owe.
constexpr qint64 mostTokens = 1'000'000'000;

/// Rounds to come until its owner is served.
qint64 roundsUntilServed(qint64 balance)
{
    return balance > 0 ? 0 : -balance / WaitingRoom::quantum + 1;
}

} // namespace

WaitingRoom::Payer &WaitingRoom::payerNamed(const QByteArray &name)
{
    const auto known = m_byName.constFind(name);
    if (known != m_byName.constEnd())
        return **known;
    if (m_payers.size() >= mostPayers) {
        const auto gone = std::find_if(m_payers.begin(), m_payers.end(),
                                       [](const Payer &payer) { return payer.queue.empty(); });
        if (gone != m_payers.end())
            drop(gone);
    }
    const bool isLetIn = m_newcomers < newcomersPerRound;
    m_newcomers += isLetIn ? 1 : 0;
    m_payers.push_back({.name = name, .balance = isLetIn ? 1 : 0});
    m_byName.insert(name, std::prev(m_payers.end()));
    return m_payers.back();
}

void WaitingRoom::add(Id id, const QByteArray &payer, qint64 tokens)
{
    payerNamed(payer).queue.push_back({id, std::clamp<qint64>(tokens, 1, mostTokens)});
    ++m_size;
}

WaitingRoom::Payers::iterator WaitingRoom::payerOf(Id id)
{
    return std::find_if(m_payers.begin(), m_payers.end(), [id](const Payer &payer) {
        return std::any_of(payer.queue.begin(), payer.queue.end(),
                           [id](const Waiting &waiting) { return waiting.id == id; });
    });
}

void WaitingRoom::remove(Id id)
{
    const auto payer = payerOf(id);
    if (payer == m_payers.end())
        return;
    std::erase_if(payer->queue, [id](const Waiting &waiting) { return waiting.id == id; });
    --m_size;
    forgetAllIfEmpty();
}

std::optional<WaitingRoom::Id> WaitingRoom::displacedBy(const QByteArray &payer) const
{
    const auto longest =
        std::max_element(m_payers.begin(), m_payers.end(), [](const Payer &one, const Payer &other) {
            return one.queue.size() < other.queue.size();
        });
    const auto known = m_byName.constFind(payer);
    const size_t own = known == m_byName.constEnd() ? 0 : (*known)->queue.size();
    if (longest == m_payers.end() || longest->queue.size() <= own + 1)
        return {};
    return longest->queue.back().id;
}

std::optional<WaitingRoom::Id> WaitingRoom::next(const std::function<bool(Id)> &hasPlace)
{
    auto chosen = m_payers.end();
    Queue::iterator its;
    qint64 rounds = 0;
    for (auto payer = m_payers.begin(); payer != m_payers.end(); ++payer) {
        const qint64 itsRounds = roundsUntilServed(payer->balance);
        if (payer->queue.empty() || (chosen != m_payers.end() && itsRounds >= rounds))
            continue;
        const auto waiting = std::find_if(payer->queue.begin(), payer->queue.end(),
                                          [&](const Waiting &one) { return hasPlace(one.id); });
        if (waiting == payer->queue.end())
            continue;
        chosen = payer;
        its = waiting;
        rounds = itsRounds;
        if (rounds == 0)
            break;
    }
    if (chosen == m_payers.end())
        return {};
    beginRounds(rounds);
    const Waiting served = *its;
    chosen->queue.erase(its);
    chosen->balance -= served.tokens;
    m_payers.splice(m_payers.end(), m_payers, chosen);
    --m_size;
    forgetAllIfEmpty();
    return served.id;
}

// Who finds no place for a while saves no more than one round's worth.
void WaitingRoom::beginRounds(qint64 count)
{
    if (count == 0)
        return;
    m_newcomers = 0;
    for (auto payer = m_payers.begin(); payer != m_payers.end();) {
        const auto current = payer++;
        current->balance = std::min(current->balance + count * quantum, quantum);
        if (current->queue.empty() && current->balance > 0)
            drop(current);
    }
}

void WaitingRoom::drop(Payers::iterator payer)
{
    m_byName.remove(payer->name);
    m_payers.erase(payer);
}

void WaitingRoom::forgetAllIfEmpty()
{
    if (m_size > 0)
        return;
    m_payers.clear();
    m_byName.clear();
    m_newcomers = 0;
}

qsizetype WaitingRoom::placeOf(Id id) const
{
    for (const Payer &payer : m_payers) {
        const auto found = std::find_if(payer.queue.begin(), payer.queue.end(),
                                        [id](const Waiting &waiting) { return waiting.id == id; });
        if (found == payer.queue.end())
            continue;
        const qsizetype turns = std::distance(payer.queue.begin(), found) + 1;
        qsizetype place = turns;
        for (const Payer &other : m_payers) {
            if (&other != &payer)
                place += std::min<qsizetype>(static_cast<qsizetype>(other.queue.size()), turns);
        }
        return place;
    }
    return 0;
}

} // namespace gatehouse
