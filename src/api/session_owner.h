// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/caller.h"
#include "base/error.h"

namespace gatehouse {

/// Whose a session is: the caller's key or user. Callers without a credential are told apart by their
/// machine, so that in mode `off` nobody reads what the neighbour said; those on this machine share theirs.
[[nodiscard]] QByteArray sessionOwner(const Caller &caller, const QHostAddress &address);

/// InvalidRequest: what `param` says can't be the id of a session.
[[nodiscard]] Error notASessionId(const QByteArray &param);

} // namespace gatehouse
