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
    if (m_caller.key)
        awaitExpiry();
}

void CallerWatch::check()
{
    if (!m_context.gate()->keys().stillAdmits(m_caller, m_context.clock().wallNow())) {
        Q_EMIT revoked({.code = ErrorCode::Unauthenticated,
                        .message = tr("This key has been revoked."),
                        .reason = "invalid_api_key"});
        return;
    }
    if (m_caller.key)
        awaitExpiry();
}

/// A key's end may be changed while this watches; and a timer may be a little early by the wall's clock.
void CallerWatch::awaitExpiry()
{
    const auto key = m_context.gate()->keys().keyById(m_caller.keyId);
    if (!key || !key->expiresAt || *key->expiresAt == m_awaited)
        return;
    m_awaited = *key->expiresAt;
    const auto left = *key->expiresAt - m_context.clock().wallNow();
    const auto longest = std::chrono::milliseconds(std::chrono::hours(24));
    const auto soonest = std::chrono::milliseconds(1);
    QTimer::singleShot(std::clamp<std::chrono::milliseconds>(left, soonest, longest), this, [this] {
        m_awaited = {};
        check();
    });
}

} // namespace gatehouse
