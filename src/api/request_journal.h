// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"
#include "exchange/ticket.h"

namespace gatehouse {

class Metrics;

/// Turns each settled request into one log line and one count. Thread-safe, as its parts are; shared by the
/// lanes.
class RequestJournal final : public Journal
{
public:
    RequestJournal(Log &log, Metrics &metrics)
        : m_log(log)
        , m_metrics(metrics)
    {}

    void began(const RequestRecord &record) override;
    void settled(const RequestRecord &record) override;

private:
    void count(const RequestRecord &record, int status);
    void write(const RequestRecord &record, int status);

    Log &m_log;
    Metrics &m_metrics;
};

} // namespace gatehouse
