// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace gatehouse {

/// A fresh, unguessable identifier: `prefix` and 22 URL-safe characters (128 bits from the system's
/// generator). Thread-safe.
[[nodiscard]] QByteArray makeId(QByteArrayView prefix);

/// Whether a caller's own request id may be taken over: 1 to 128 characters of [A-Za-z0-9._:/+=@-]. Anything
/// else could forge log lines or headers.
[[nodiscard]] bool isSaneRequestId(QByteArrayView id);

} // namespace gatehouse
