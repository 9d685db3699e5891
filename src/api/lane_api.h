// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/lane_context.h"
#include "http/server.h"

namespace gatehouse {

/// Everything that one lane serves: the whole public API. Made and destroyed in the lane's thread.
class LaneApi final : public LaneService
{
public:
    LaneApi(const SharedServices &shared, std::unique_ptr<HttpClient> http,
            std::unique_ptr<ModelRouter> models);
    ~LaneApi() override;

    [[nodiscard]] const Router &router() const override { return m_router; }
    [[nodiscard]] Response refusal(const Request &request, const Error &error) const override;
    void drain() override {}

private:
    LaneContext m_context;
    Router m_router;
};

} // namespace gatehouse
