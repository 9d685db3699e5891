// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/caller_watch.h"

#include "api/lane_context.h"

#include <QTimer>

namespace gatehouse {

CallerWatch::CallerWatch(LaneContext &context, Caller caller, QObject *parent)
    : QObject(parent)
    , m_context(context)
    , m_caller(std::move(caller))
{
    connect(&context, &LaneContext::accessChanged, this, &CallerWatch::check);
    if (m_caller.key && m_caller.key->expiresAt) {
        const auto left = *m_caller.key->expiresAt - context.clock().wallNow();
        const auto longest = std::chrono::milliseconds(std::chrono::hours(24));
        QTimer::singleShot(std::clamp(left, std::chrono::milliseconds(0), longest), this,
                           &CallerWatch::check);
    }
}

void CallerWatch::check()
{
    if (!m_context.gate()->keys().stillAdmits(m_caller, m_context.clock().wallNow()))
        Q_EMIT revoked({.code = ErrorCode::Unauthenticated,
                        .message = tr("This key has been revoked."),
                        .reason = "invalid_api_key"});
}

} // namespace gatehouse
