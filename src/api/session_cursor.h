// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/request_query.h"
#include "store/session_repository.h"

namespace gatehouse {

/// Where the next page of sessions begins, in letters that go into an address as they are.
[[nodiscard]] QByteArray sessionCursor(const SessionRecord &last);
/// Reads it again; a mistake is noted in the query.
[[nodiscard]] std::optional<SessionRepository::Before> readSessionCursor(RequestQuery &query,
                                                                         const char *name);

} // namespace gatehouse
