// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/call.h"
#include "http/router.h"

#include <functional>

namespace gatehouse {

class LaneContext;

/// Who may use an endpoint.
enum class Access {
    Public, ///< Anybody: no credential is looked at.
    Caller, ///< Whoever the credential gate lets in.
};

/// The endpoints of one lane, each wrapped once in what all of them owe: a ticket, the gate, the body's type.
/// Endpoints get an admitted Call and no chance to forget any of it.
class EndpointTable
{
public:
    EndpointTable(Router &router, LaneContext &context)
        : m_router(router)
        , m_context(context)
    {}

    void add(QByteArray method, QByteArray pattern, Access access, std::function<void(Call &)> serve);

    /// Answers OPTIONS on every path that was added, so that web pages may ask what they may send.
    void addPreflights();

private:
    Router &m_router;
    LaneContext &m_context;
    QHash<QByteArray, QByteArrayList> m_methods; ///< By pattern.
};

} // namespace gatehouse
