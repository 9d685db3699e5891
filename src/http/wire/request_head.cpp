// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/wire/request_head.h"

#include "http/wire/field_syntax.h"

#include <algorithm>

namespace gatehouse {

bool concernsConnection(QByteArrayView name)
{
    static constexpr QByteArrayView names[] = {"connection", "keep-alive", "proxy-connection",
                                               "te",         "trailer",    "transfer-encoding",
                                               "upgrade",    "expect",     "content-length"};
    return std::any_of(std::begin(names), std::end(names),
                       [name](QByteArrayView known) { return equalsIgnoringCase(name, known); });
}

Headers endToEndHeaders(const Headers &headers)
{
    Headers kept;
    kept.reserve(headers.size());
    for (const Header &field : headers.all()) {
        if (!concernsConnection(field.name))
            kept.add(field.name, field.value);
    }
    return kept;
}

} // namespace gatehouse
