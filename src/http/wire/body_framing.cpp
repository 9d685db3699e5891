// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/wire/body_framing.h"

#include "http/wire/field_syntax.h"

#include <limits>

namespace gatehouse {

std::optional<qint64> parseContentLength(QByteArrayView value)
{
    if (value.isEmpty())
        return std::nullopt;
    constexpr qint64 max = std::numeric_limits<qint64>::max();
    qint64 length = 0;
    for (const char c : value) {
        if (c < '0' || c > '9')
            return std::nullopt;
        const int digit = c - '0';
        if (length > (max - digit) / 10)
            return std::nullopt;
        length = length * 10 + digit;
    }
    return length;
}

TransferCoding classifyTransferEncoding(QByteArrayView value)
{
    if (equalsIgnoringCase(value, "chunked"))
        return TransferCoding::Chunked;
    qsizetype others = 0;
    bool lastIsChunked = false;
    while (!value.isEmpty()) {
        const QByteArrayView coding = takeListElement(value);
        if (!isToken(coding) || lastIsChunked)
            return TransferCoding::Invalid;
        lastIsChunked = equalsIgnoringCase(coding, "chunked");
        others += lastIsChunked ? 0 : 1;
    }
    // A lone `chunked` in list clothing (`chunked,`) gets no second reading.
    return lastIsChunked && others > 0 ? TransferCoding::Unknown : TransferCoding::Invalid;
}

} // namespace gatehouse
