// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/memory_limiter.h"

#include "admission/limits/free_reservation.h"

#include <algorithm>

namespace gatehouse {

namespace {

class MemoryReservation final : public Reservation
{
public:
    MemoryReservation(MemoryLimits &limits, QByteArray keyId, KeyHold hold)
        : m_limits(limits)
        , m_keyId(std::move(keyId))
        , m_hold(hold)
    {}
    ~MemoryReservation() override { settle(0); }
    MemoryReservation(const MemoryReservation &) = delete;
    MemoryReservation &operator=(const MemoryReservation &) = delete;

    void settle(qint64 tokens) override
    {
        if (!m_isSettled)
            m_limits.settle(m_keyId, m_hold, std::max<qint64>(tokens, 0));
        m_isSettled = true;
    }

private:
    MemoryLimits &m_limits;
    const QByteArray m_keyId;
    const KeyHold m_hold;
    bool m_isSettled = false;
};

} // namespace

MemoryLimiter::MemoryLimiter(MemoryLimits &limits)
    : m_limits(limits)
{}

void MemoryLimiter::admit(const LimitSubject &subject, QObject *,
                          std::function<void(Decision<Admitted>)> decided)
{
    decided(m_limits.admit(subject));
}

void MemoryLimiter::reserve(const LimitSubject &subject, qint64 promptTokens, qint64 completionTokens,
                            QObject *, std::function<void(Decision<Reserved>)> decided)
{
    if (!subject.key)
        return decided(Reserved{.reservation = std::make_unique<FreeReservation>()});
    auto decision = m_limits.reserve(subject, makeAsk(subject, promptTokens, completionTokens));
    if (const auto *refusal = std::get_if<Refusal>(&decision))
        return decided(*refusal);
    const auto &held = std::get<MemoryLimits::Held>(decision);
    decided(
        Reserved{held.figures, std::make_unique<MemoryReservation>(m_limits, subject.key->id, held.hold)});
}

} // namespace gatehouse
