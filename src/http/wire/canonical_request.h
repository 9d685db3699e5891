// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/wire/request_head.h"

namespace gatehouse {

/// Renders a request for a reader that must not be trusted with raw input (QHttpServer): HTTP/1.1, `extra`
/// first, exactly one Content-Length, then the end-to-end fields. A field that the client sent under
/// `extra`'s name is left out.
///
/// Qt 6.4 loses *all* fields of a request that has more than 100 of them, one of 8 KiB, or 64 KiB in total
/// (QHttpHeaderParser), so fields beyond that are left out here: read the client's fields off the
/// RequestHead, and only `extra` off what QHttpServer hands back.
[[nodiscard]] QByteArray renderCanonical(const RequestHead &head, QByteArrayView body, const Header &extra);

} // namespace gatehouse
