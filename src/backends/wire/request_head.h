// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/http_client.h"

namespace gatehouse {

/// Whether the request can be written at all: an http or https URL with a host, a method and header names
/// that are tokens and none of the client's own (Host, what frames the body), and no line end in a value,
/// which would forge headers.
[[nodiscard]] bool isSendable(const UpstreamRequest &request);

/// The head of a sendable request in HTTP/1.1, up to and with the empty line.
[[nodiscard]] QByteArray encodeRequestHead(const UpstreamRequest &request);

} // namespace gatehouse
