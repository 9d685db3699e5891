// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/wire/canonical_request.h"

#include "http/wire/field_syntax.h"

namespace gatehouse {

namespace {

// What QHttpHeaderParser of Qt 6.4 to 6.5 takes, with room for the fields that are added here.
constexpr qsizetype maxFields = 100 - 2;
constexpr qsizetype maxFieldBytes = 8 * 1024 - 2;
constexpr qsizetype maxHeadBytes = 60 * 1024;

void appendField(QByteArray &out, QByteArrayView name, QByteArrayView value)
{
    out.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

QByteArray renderCanonical(const RequestHead &head, QByteArrayView body, const Header &extra)
{
    qsizetype size = head.method.size() + head.path.size() + head.query.size() + extra.name.size() +
                     extra.value.size() + body.size() + 80;
    for (const Header &field : head.headers.all())
        size += field.name.size() + field.value.size() + 4;

    QByteArray out;
    out.reserve(size);
    out.append(head.method).append(' ').append(head.path);
    if (!head.query.isEmpty())
        out.append('?').append(head.query);
    out.append(" HTTP/1.1\r\n");
    appendField(out, extra.name, extra.value);
    appendField(out, "Content-Length", QByteArray::number(body.size()));
    qsizetype count = 0;
    for (const Header &field : head.headers.all()) {
        const qsizetype length = field.name.size() + field.value.size();
        if (concernsConnection(field.name) || equalsIgnoringCase(field.name, extra.name) ||
            length > maxFieldBytes)
            continue;
        if (++count > maxFields || out.size() + length > maxHeadBytes)
            break;
        appendField(out, field.name, field.value);
    }
    out.append("\r\n").append(body);
    return out;
}

} // namespace gatehouse
