// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"
#include "exchange/ticket.h"

namespace gatehouse {

class Metrics;
class Store;

/// Turns each settled request into one row of the ledger, one log line and one count. Thread-safe, as its
/// parts are; shared by the lanes.
class RequestJournal final : public Journal
{
public:
    RequestJournal(Log &log, Metrics &metrics, Store &store)
        : m_log(log)
        , m_metrics(metrics)
        , m_store(store)
    {}

    void began(const RequestRecord &record) override;
    void settled(const RequestRecord &record) override;

private:
    void keep(const RequestRecord &record, int status);
    void count(const RequestRecord &record, int status);
    void write(const RequestRecord &record, int status);

    Log &m_log;
    Metrics &m_metrics;
    Store &m_store;
};

} // namespace gatehouse
