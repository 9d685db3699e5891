// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/doctor_finding.h"

namespace gatehouse {

/// Whether a local route's file is there, readable, and a GGUF file by its first bytes. Empty: the built-in
/// model, which needs none.
[[nodiscard]] Finding examineModelFile(const QString &path);

} // namespace gatehouse
