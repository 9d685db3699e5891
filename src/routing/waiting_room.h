// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QHash>

#include <deque>
#include <functional>
#include <list>
#include <optional>

namespace gatehouse {

/// Requests that wait for a place at a route, and whose turn it is. Pure; knows nothing of routes.
///
/// Payers (a key, or an address without one) take turns: deficit round robin (Shreedhar and Varghese, 1995)
/// by tokens, in the form that charges afterwards (surplus round robin). In each round every payer's balance
/// grows by `quantum`; those above zero are served one request each, in turn, until nobody who could be is
/// above zero, and owe what that cost beyond it. Who is new is let into the round with one request. So a
/// payer who comes with one request waits for one of each of the others at most, whatever they have waiting,
/// and over time payers who always wait get equal tokens. Who leaves with debts still has them when he comes
/// back, as long as others wait. Within a payer, first come, first served.
class WaitingRoom
{
public:
    using Id = quint64;
    static constexpr qint64 quantum = 1024; ///< Tokens.

    [[nodiscard]] qsizetype size() const { return m_size; }

    /// `id` is new here. `tokens` (taken as at least 1): what it will cost, prompt and answer.
    void add(Id id, const QByteArray &payer, qint64 tokens);
    void remove(Id id); ///< Without effect where it isn't. Costs its payer nothing.

    /// Where there is room for nobody else: who has to go so that one more of this payer's may come. It is
    /// the newest one of whoever has the most here, as long as he has more than the newcomer's payer would
    /// have with him (longest queue drop, Suter et al. 1998); nothing: the newcomer may not come.
    [[nodiscard]] std::optional<Id> displacedBy(const QByteArray &payer) const;

    /// Takes out the one whose turn it is, of those for whom there is a place; nothing if there is none for
    /// anybody. Where the first one of a payer finds no place, the next one of his that does goes before him.
    [[nodiscard]] std::optional<Id> next(const std::function<bool(Id)> &hasPlace);

    /// How many will be served before it, and itself, if nobody comes or goes: 1, 2, … 0: it isn't here.
    /// An estimate: as if all requests cost the same.
    [[nodiscard]] qsizetype placeOf(Id id) const;

private:
    struct Waiting
    {
        Id id;
        qint64 tokens;
    };
    using Queue = std::deque<Waiting>;
    struct Payer
    {
        QByteArray name;
        Queue queue = {}; ///< Empty: he has left, and owes.
        qint64 balance = 0;
    };
    using Payers = std::list<Payer>;

    [[nodiscard]] Payer &payerNamed(const QByteArray &name);
    [[nodiscard]] Payers::iterator payerOf(Id id);
    void beginRounds(qint64 count);
    void drop(Payers::iterator payer);
    void forgetAllIfEmpty();

    Payers m_payers; ///< In the order of their turns.
    QHash<QByteArray, Payers::iterator> m_byName;
    qsizetype m_size = 0;
    int m_newcomers = 0; ///< Let into this round.
};

} // namespace gatehouse
