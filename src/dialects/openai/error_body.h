// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "dialects/json/writer.h"

#include <QByteArray>

namespace gatehouse::openai {

enum class ErrorForm {
    Plain,      ///< `{"error":{"message","type","param","code"}}`, on `/v1`.
    WithDetail, ///< The same with `"detail": message` beside it, on `/api`, `/auth` and `/health` (contract
                ///< §7).
};

/// The error as the caller reads it, in one line. All four members are there; `param` is null where no field
/// is at fault. `Error::detail` stays inside.
[[nodiscard]] QByteArray encodeError(const Error &error, ErrorForm form = ErrorForm::Plain);

/// The members of that body, for an object that the caller has begun and may go on with.
void writeErrorMembers(json::Writer &writer, const Error &error, ErrorForm form);

} // namespace gatehouse::openai
