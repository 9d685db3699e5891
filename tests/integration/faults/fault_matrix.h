// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "../program/gatehouse_process.h"
#include "closed_port.h"
#include "fakes/fake_upstream.h"
#include "fault_cell.h"
#include "told_answer.h"

#include <QMultiHash>

#include <chrono>
#include <memory>

/// One Gatehouse with a route for each cell, and the upstream behind all of them.
class FaultMatrix
{
public:
    static constexpr qsizetype mostCells = 250; ///< A configuration holds 256 routes.

    struct Timeouts
    {
        std::chrono::milliseconds read{500}; ///< The longest silence.
        std::chrono::milliseconds total{3000};
    };

    /// The cells' numbers follow each other.
    FaultMatrix(QList<FaultCell> cells, const Timeouts &timeouts);

    [[nodiscard]] bool start() { return m_gatehouse->start(); }
    [[nodiscard]] GatehouseProcess &gatehouse() { return *m_gatehouse; }
    [[nodiscard]] gatehouse::fakes::FakeUpstream &upstream() { return m_upstream; }

    /// Asks once for each cell, many at a time. Needs the caller's event loop.
    void ask();
    /// Asks for this cell alone.
    [[nodiscard]] ToldAnswer ask(const FaultCell &cell);

    /// What ask() was told.
    [[nodiscard]] const ToldAnswer &told(const FaultCell &cell) const { return m_told.at(place(cell)); }
    /// Reads the ledger, as soon as it has `count` rows of the cells' routes or the time is up.
    void readLedger(qsizetype count);
    [[nodiscard]] QList<QJsonObject> rows(const FaultCell &cell) const { return m_rows.values(cell.route()); }
    /// How often the upstream was asked.
    [[nodiscard]] int seen(const FaultCell &cell) const;

private:
    [[nodiscard]] QByteArray configuration(const Timeouts &timeouts) const;
    [[nodiscard]] ToldAnswer askOverHttp(const FaultCell &cell) const;
    void askOverSockets();
    [[nodiscard]] std::size_t place(const FaultCell &cell) const
    {
        return static_cast<std::size_t>(cell.number - m_cells.first().number);
    }

    QList<FaultCell> m_cells;
    ClosedPort m_closed;
    gatehouse::fakes::FakeUpstream m_upstream;
    std::unique_ptr<GatehouseProcess> m_gatehouse;
    QByteArray m_adminKey;
    std::vector<ToldAnswer> m_told;
    QMultiHash<QByteArray, QJsonObject> m_rows; ///< By route.
};
