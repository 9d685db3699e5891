// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <QTextStream>

namespace gatehouse {

/// A password from `input`: asked for twice on `err` and read without echo where that is a terminal, else one
/// line. Waits for whoever types. Ctrl-C ends the program as ever, with the echo on again. Errors:
/// InvalidRequest where there is none, or the two differ.
[[nodiscard]] Result<Secret> readPassword(int input, QTextStream &err);

} // namespace gatehouse
