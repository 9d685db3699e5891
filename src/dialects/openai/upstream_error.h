// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "dialects/json/value.h"

#include <optional>

namespace gatehouse::openai {

/// What an upstream's answer other than 2xx says, in whatever shape: OpenAI's `error` object, Ollama's
/// `error` text, FastAPI's `detail`, a proxy's HTML page, or nothing. A 4xx is UpstreamRejected with its own
/// message, anything else UpstreamFailed with the message inside. A conversation that doesn't fit into the
/// model's window has the reason `context_length_exceeded`, or llama-server's `exceed_context_size_error`,
/// whatever words the server has for it. Texts are cut to a bounded length and freed
/// of control characters. `retryAfter` is a header's matter and left to the caller.
[[nodiscard]] Error decodeError(int status, QByteArrayView body);

/// The failure that a payload of an answer begun with 200 tells of, if it does.
[[nodiscard]] std::optional<Error> findError(const json::Value &payload);

/// An upstream said what is no answer. `detail` is for the log.
[[nodiscard]] Error garbageError(const QString &detail);

/// An upstream's answer ended before it was complete.
[[nodiscard]] Error cutError();

} // namespace gatehouse::openai
