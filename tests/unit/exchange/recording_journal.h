// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "exchange/ticket.h"

/// Keeps what was settled.
class RecordingJournal final : public gatehouse::Journal
{
public:
    void began(const gatehouse::RequestRecord &) override { ++begun; }
    void settled(const gatehouse::RequestRecord &record) override { records.append(record); }

    int begun = 0;
    QList<gatehouse::RequestRecord> records;
};

/// A clock that stands until it is turned.
class StandingClock final : public gatehouse::Clock
{
public:
    [[nodiscard]] gatehouse::MonotonicTime now() const override { return time; }
    [[nodiscard]] gatehouse::WallTime wallNow() const override { return {}; }

    gatehouse::MonotonicTime time{std::chrono::hours(1)};
};
