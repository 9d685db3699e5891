// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/json/writer.h"
#include "store/session_record.h"

namespace gatehouse {

/// A session and its messages as /api/sessions shows them (contract §3).
void writeSession(json::Writer &writer, const SessionRecord &session);
/// The members of a session, without the braces around them.
void writeSessionMembers(json::Writer &writer, const SessionRecord &session);
void writeMessage(json::Writer &writer, const MessageRecord &message);
void writeHit(json::Writer &writer, const SearchHit &hit);

} // namespace gatehouse
