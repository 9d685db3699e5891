// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QHash>
#include <QList>

#include <memory>

namespace gatehouse {

/// Numbers 0, 1, 2 … for the requests in flight to each origin, none held twice at a time. The number that
/// was given back last is handed out first, so that requests that follow each other share a number, and with
/// it a connection that is still open. Used in one thread.
class ConnectionSlots
{
    struct Origin
    {
        QList<int> free;
        int count = 0; ///< Numbers that exist.
    };

public:
    /// Holds a number until it is destroyed; may outlive its ConnectionSlots. Move-only.
    class Lease
    {
    public:
        Lease() = default;
        Lease(Lease &&) = default;
        Lease &operator=(Lease &&other) noexcept;
        ~Lease() { release(); }

        [[nodiscard]] int number() const { return m_number; }
        void release(); ///< Gives the number back early. Idempotent.

    private:
        friend class ConnectionSlots;
        Lease(std::shared_ptr<Origin> origin, int number)
            : m_origin(std::move(origin))
            , m_number(number)
        {}
        std::shared_ptr<Origin> m_origin;
        int m_number = 0;
    };

    /// `origin`: scheme, host and port.
    [[nodiscard]] Lease lease(const QByteArray &origin);

private:
    QHash<QByteArray, std::shared_ptr<Origin>> m_origins;
};

} // namespace gatehouse
