// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "dialects/json/writer.h"
#include "store/key_record.h"

namespace gatehouse {

/// Takes over what a body says of a key; what it doesn't mention stays, null takes a bound away. Errors:
/// InvalidRequest, `param` names the field.
[[nodiscard]] Result<void> applyKeyBody(const QByteArray &body, KeyRecord &key);

/// One key as /api/keys shows it; `secret` is the key itself, shown when it is made and never again.
void writeKey(json::Writer &writer, const KeyRecord &key, const Secret &secret = {});

/// The same for users. `password` is what the body gives.
[[nodiscard]] Result<void> applyUserBody(const QByteArray &body, UserRecord &user,
                                         std::optional<Secret> &password);
void writeUser(json::Writer &writer, const UserRecord &user);

} // namespace gatehouse
