// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

namespace gatehouse {

/// The HTTP status of an error (contract §7, RFC 9110 §15). The one place where codes become statuses.
[[nodiscard]] int httpStatus(const Error &error);

} // namespace gatehouse
