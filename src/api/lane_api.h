// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/lane_context.h"
#include "http/server.h"

namespace gatehouse {

/// Everything that one lane serves: the whole public API. Made and destroyed in the lane's thread.
class LaneApi final : public LaneService
{
public:
    LaneApi(const SharedServices &shared, LaneParts parts);
    ~LaneApi() override;

    [[nodiscard]] const Router &router() const override { return m_router; }
    [[nodiscard]] Response refusal(const Request &request, const Error &error) const override;
    void drain() override {}

private:
    [[nodiscard]] bool isWithinLimits(const QHostAddress &address) const;

    LaneContext m_context;
    const std::unique_ptr<QObject> m_asker = std::make_unique<QObject>();
    Router m_router;
};

} // namespace gatehouse
