// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/answer_head.h"

#include "http/wire/field_syntax.h"
#include "http/wire/response_head.h"

#include <algorithm>

namespace gatehouse {

namespace {

bool belongsToDoor(QByteArrayView name)
{
    static constexpr QByteArrayView names[] = {"connection",  "content-length",    "date",
                                               "keep-alive",  "transfer-encoding", "x-content-type-options",
                                               "x-request-id"};
    return std::any_of(std::begin(names), std::end(names),
                       [name](QByteArrayView known) { return equalsIgnoringCase(name, known); });
}

} // namespace

QByteArray renderAnswerHead(int status, const Headers &headers, const AnswerTerms &terms,
                            const AnswerFraming &framing, const QByteArray &date)
{
    ResponseHeadWriter head(status);
    head.add("Date", date);
    head.add("Connection", terms.keepAlive ? "keep-alive" : "close");
    if (framing.contentLength)
        head.add("Content-Length", *framing.contentLength);
    if (framing.chunked)
        head.add("Transfer-Encoding", "chunked");
    head.add("x-request-id", terms.requestId);
    head.add("X-Content-Type-Options", "nosniff");
    for (const Header &field : headers.all()) {
        if (!belongsToDoor(field.name))
            head.add(field.name, field.value);
    }
    return std::move(head).finish();
}

bool allowsBody(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

} // namespace gatehouse
