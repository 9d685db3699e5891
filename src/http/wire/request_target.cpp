// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/wire/request_target.h"

#include "http/wire/field_syntax.h"

#include <algorithm>

namespace gatehouse {

namespace {

bool isAlphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isTargetChar(char c)
{
    return c > 0x20 && c < 0x7f && c != '#';
}

// unreserved, pct-encoded and sub-delims of RFC 3986 §3.2.2.
bool isHostChar(char c)
{
    return isAlphanumeric(c) || QByteArrayView("-._~%!$&'()*+,;=").contains(c);
}

bool isAddressChar(char c)
{
    return isAlphanumeric(c) || c == ':' || c == '.';
}

bool isValidPort(QByteArrayView rest)
{
    return rest.isEmpty() ||
           (rest.front() == ':' && rest.size() <= 6 && std::all_of(rest.begin() + 1, rest.end(), isDigit));
}

void splitQuery(QByteArrayView text, RequestTarget &into)
{
    const qsizetype mark = text.indexOf('?');
    into.path = mark < 0 ? text : text.first(mark);
    into.query = mark < 0 ? QByteArrayView() : text.sliced(mark + 1);
}

std::optional<RequestTarget> splitAbsolute(QByteArrayView target)
{
    const qsizetype separator = target.indexOf("://");
    if (separator < 0)
        return std::nullopt;
    const QByteArrayView scheme = target.first(separator);
    if (!equalsIgnoringCase(scheme, "http") && !equalsIgnoringCase(scheme, "https"))
        return std::nullopt;
    const QByteArrayView rest = target.sliced(separator + 3);
    const auto end = std::find_if(rest.begin(), rest.end(), [](char c) { return c == '/' || c == '?'; });
    RequestTarget parts;
    parts.authority = rest.first(end - rest.begin());
    if (parts.authority.isEmpty() || parts.authority.front() == ':' || !isValidHost(parts.authority))
        return std::nullopt;
    splitQuery(rest.sliced(parts.authority.size()), parts);
    if (parts.path.isEmpty())
        parts.path = "/";
    return parts;
}

} // namespace

std::optional<RequestTarget> splitTarget(QByteArrayView target)
{
    if (target.isEmpty() || !std::all_of(target.begin(), target.end(), isTargetChar))
        return std::nullopt;
    if (target.front() != '/' && target != "*")
        return splitAbsolute(target);
    RequestTarget parts;
    splitQuery(target, parts);
    return parts;
}

bool isValidHost(QByteArrayView host)
{
    const bool literal = host.startsWith('[');
    const auto isAllowed = literal ? isAddressChar : isHostChar;
    const auto begin = literal ? host.begin() + 1 : host.begin();
    const auto end = std::find_if_not(begin, host.end(), isAllowed);
    if (!literal)
        return isValidPort(host.sliced(end - host.begin()));
    return end != begin && end != host.end() && *end == ']' && isValidPort({end + 1, host.end()});
}

} // namespace gatehouse
