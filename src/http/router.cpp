// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/router.h"

#include <algorithm>

namespace gatehouse {

namespace {

enum class SegmentKind { Literal, Name, Rest };

struct Segment
{
    SegmentKind kind;
    QByteArrayView text; ///< The literal, or the name.
};

// Takes the first segment off a pattern or path that starts with '/'.
QByteArrayView takeSegment(QByteArrayView &path)
{
    path = path.sliced(1);
    const qsizetype slash = path.indexOf('/');
    const QByteArrayView segment = slash < 0 ? path : path.first(slash);
    path = path.sliced(segment.size());
    return segment;
}

Segment classify(QByteArrayView segment)
{
    if (!segment.startsWith('{') || !segment.endsWith('}'))
        return {SegmentKind::Literal, segment};
    const QByteArrayView name = segment.sliced(1, segment.size() - 2);
    if (name.endsWith("..."))
        return {SegmentKind::Rest, name.chopped(3)};
    return {SegmentKind::Name, name};
}

// Whether `a` is to be tried before `b`: the first segment in which they differ in kind decides.
bool isMoreSpecific(QByteArrayView a, QByteArrayView b)
{
    while (!a.isEmpty() && !b.isEmpty()) {
        const SegmentKind kindA = classify(takeSegment(a)).kind;
        const SegmentKind kindB = classify(takeSegment(b)).kind;
        if (kindA != kindB)
            return kindA < kindB;
    }
    return a.isEmpty() && !b.isEmpty(); // No path matches both; the order must be a total one all the same.
}

bool matches(QByteArrayView pattern, QByteArrayView path)
{
    while (!pattern.isEmpty() && !path.isEmpty()) {
        const Segment expected = classify(takeSegment(pattern));
        if (expected.kind == SegmentKind::Rest)
            return path.size() > 1;
        const QByteArrayView segment = takeSegment(path);
        if (expected.kind == SegmentKind::Literal ? segment != expected.text : segment.isEmpty())
            return false;
    }
    return pattern.isEmpty() && path.isEmpty();
}

int hexValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Unset for an escape without two hexadecimal digits, which QByteArray::percentDecoded() would let pass.
std::optional<QByteArray> percentDecoded(QByteArrayView text)
{
    QByteArray decoded;
    decoded.reserve(text.size());
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded.append(text[i]);
            continue;
        }
        if (text.size() - i < 3 || hexValue(text[i + 1]) < 0 || hexValue(text[i + 2]) < 0)
            return std::nullopt;
        decoded.append(static_cast<char>(hexValue(text[i + 1]) << 4 | hexValue(text[i + 2])));
        i += 2;
    }
    return decoded;
}

// The path must match the pattern.
Result<void> capture(QByteArrayView pattern, Request &request)
{
    request.endpoint = pattern.toByteArray();
    QByteArrayView path = request.path;
    while (!pattern.isEmpty()) {
        const Segment expected = classify(takeSegment(pattern));
        const QByteArrayView rest = path.sliced(1);
        const QByteArrayView segment = takeSegment(path);
        if (expected.kind == SegmentKind::Literal)
            continue;
        const auto value = percentDecoded(expected.kind == SegmentKind::Rest ? rest : segment);
        if (!value)
            return Error{.code = ErrorCode::InvalidRequest,
                         .message = QStringLiteral("Malformed percent-encoding in the path."),
                         .param = expected.text.toByteArray()};
        request.pathParameters.insert(expected.text.toByteArray(), *value);
    }
    return {};
}

bool servesMethod(const QByteArray &offered, const QByteArray &asked)
{
    return offered == asked || (asked == "HEAD" && offered == "GET");
}

void noteAllowed(QList<QByteArray> &allowed, const QByteArray &method)
{
    if (!allowed.contains(method))
        allowed.append(method);
    if (method == "GET")
        noteAllowed(allowed, "HEAD");
}

Error notFound()
{
    return Error{.code = ErrorCode::NotFound, .message = QStringLiteral("No such path.")};
}

// Keeps the table in the order of trying; equals stay in the order in which they were added.
template <typename Entry>
void insertSorted(std::vector<Entry> &table, Entry entry)
{
    Q_ASSERT(entry.pattern.startsWith('/'));
    const auto place =
        std::upper_bound(table.begin(), table.end(), entry,
                         [](const Entry &a, const Entry &b) { return isMoreSpecific(a.pattern, b.pattern); });
    table.insert(place, std::move(entry));
}

} // namespace

void Router::add(QByteArray method, QByteArray pattern, Handler handler, HeadCheck headCheck)
{
    insertSorted(m_endpoints,
                 Endpoint{std::move(method), std::move(pattern), std::move(handler), std::move(headCheck)});
}

void Router::addWebSocket(QByteArray pattern, WebSocketGate gate, WebSocketHandler handler)
{
    insertSorted(m_webSockets, WebSocketEndpoint{std::move(pattern), std::move(gate), std::move(handler)});
}

Result<const Router::Endpoint *> Router::find(Request &request) const
{
    if (!request.path.startsWith('/'))
        return notFound();
    QList<QByteArray> allowed;
    for (const Endpoint &endpoint : m_endpoints) {
        if (!matches(endpoint.pattern, request.path))
            continue;
        if (!servesMethod(endpoint.method, request.method)) {
            noteAllowed(allowed, endpoint.method);
            continue;
        }
        if (Result<void> captured = capture(endpoint.pattern, request); !captured)
            return captured.error();
        return &endpoint;
    }
    if (allowed.isEmpty())
        return notFound();
    return Error{.code = ErrorCode::MethodNotAllowed,
                 .message = QStringLiteral("The path does not support this method."),
                 .detail = QString::fromLatin1(allowed.join(", "))};
}

Result<const Router::WebSocketEndpoint *> Router::findWebSocket(Request &request) const
{
    if (!request.path.startsWith('/'))
        return notFound();
    for (const WebSocketEndpoint &endpoint : m_webSockets) {
        if (!matches(endpoint.pattern, request.path))
            continue;
        if (Result<void> captured = capture(endpoint.pattern, request); !captured)
            return captured.error();
        return &endpoint;
    }
    return notFound();
}

} // namespace gatehouse
