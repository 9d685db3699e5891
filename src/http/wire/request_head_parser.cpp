// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/wire/request_head_parser.h"

#include "http/wire/body_framing.h"
#include "http/wire/field_syntax.h"
#include "http/wire/request_target.h"

namespace gatehouse {

namespace {

constexpr qsizetype maxMethodLength = 32;
constexpr qsizetype versionLength = 8; // HTTP/1.1
constexpr qsizetype usualFieldCount = 16;

} // namespace

RequestHeadParser::RequestHeadParser(HeadLimits limits)
    : m_limits(limits)
{}

FeedResult RequestHeadParser::feed(QByteArrayView bytes)
{
    const qsizetype size = bytes.size();
    while (m_stage != Stage::Done && m_stage != Stage::Failed) {
        switch (m_lines.next(bytes, lineLimit())) {
        case LineScanner::Outcome::NeedMore:
            return {FeedResult::State::NeedMore, size};
        case LineScanner::Outcome::Line:
            m_headBytes += m_lines.line().size() + 2;
            takeLine(m_lines.line());
            break;
        case LineScanner::Outcome::ControlCharacter:
            fail(ErrorCode::InvalidRequest, "Control character in the request head.");
            break;
        case LineScanner::Outcome::TooLong:
            if (m_stage == Stage::Fields)
                fail(ErrorCode::HeadersTooLarge, "The request head is too large.");
            else
                fail(ErrorCode::UriTooLong, "The request target is too long.");
            break;
        }
    }
    return {m_stage == Stage::Done ? FeedResult::State::Done : FeedResult::State::Failed,
            size - bytes.size()};
}

RequestHead RequestHeadParser::takeHead()
{
    RequestHead head = std::move(m_head);
    *this = RequestHeadParser(m_limits);
    return head;
}

qsizetype RequestHeadParser::lineLimit() const
{
    const qsizetype room = m_limits.maxHeadBytes - m_headBytes;
    if (m_stage == Stage::Fields)
        return room;
    // Method, target and version with the spaces between them: what is longer has too long a target, or a
    // method that nobody implements.
    return qMin(room, maxMethodLength + 1 + m_limits.maxTargetBytes + 1 + versionLength);
}

bool RequestHeadParser::takeLine(QByteArrayView line)
{
    switch (m_stage) {
    case Stage::Start:
        m_stage = Stage::RequestLine;
        if (line.isEmpty())
            return true; // Some clients end a body with a CRLF too many (RFC 9112 §2.2).
        [[fallthrough]];
    case Stage::RequestLine:
        m_stage = Stage::Fields;
        return takeRequestLine(line);
    case Stage::Fields:
        return line.isEmpty() ? finish() : takeField(line);
    case Stage::Done:
    case Stage::Failed:
        break;
    }
    return false;
}

bool RequestHeadParser::takeRequestLine(QByteArrayView line)
{
    const qsizetype first = line.indexOf(' ');
    const qsizetype last = line.lastIndexOf(' ');
    if (first < 0 || first == last)
        return fail(ErrorCode::InvalidRequest, "Malformed request line.");
    const QByteArrayView method = line.first(first);
    const QByteArrayView target = line.sliced(first + 1, last - first - 1);
    if (target.size() > m_limits.maxTargetBytes)
        return fail(ErrorCode::UriTooLong, "The request target is too long.");
    if (!isToken(method))
        return fail(ErrorCode::InvalidRequest, "Malformed request line.");
    if (!takeVersion(line.sliced(last + 1)))
        return false;
    if (method.size() > maxMethodLength || method == "CONNECT")
        return fail(ErrorCode::NotImplemented, "The request method is not implemented.");
    const std::optional<RequestTarget> parts = splitTarget(target);
    if (!parts || (parts->path == "*" && method != "OPTIONS"))
        return fail(ErrorCode::InvalidRequest, "Malformed request target.");
    m_head.method = method.toByteArray();
    m_head.path = parts->path.toByteArray();
    m_head.query = parts->query.toByteArray();
    m_authority = parts->authority.toByteArray();
    m_head.headers.reserve(usualFieldCount);
    return true;
}

bool RequestHeadParser::takeVersion(QByteArrayView version)
{
    const auto isDigit = [](char c) {
        return c >= '0' && c <= '9';
    };
    if (version.size() != versionLength || !version.startsWith("HTTP/") || !isDigit(version[5]) ||
        version[6] != '.' || !isDigit(version[7]))
        return fail(ErrorCode::InvalidRequest, "Malformed HTTP version.");
    if (version[5] != '1')
        return fail(ErrorCode::NotImplemented, "The HTTP version is not supported.",
                    "http_version_not_supported");
    m_head.minorVersion = version[7] == '0' ? 0 : 1;
    return true;
}

bool RequestHeadParser::takeField(QByteArrayView line)
{
    if (m_head.headers.size() >= m_limits.maxFields)
        return fail(ErrorCode::HeadersTooLarge, "Too many header fields.");
    const std::optional<FieldLine> field = splitFieldLine(line);
    if (!field)
        return fail(ErrorCode::InvalidRequest, "Malformed header field.");
    m_head.headers.add(field->name.toByteArray(), field->value.toByteArray());
    return noteField(field->name, field->value);
}

bool RequestHeadParser::noteField(QByteArrayView name, QByteArrayView value)
{
    switch (name.size()) { // Tells most fields apart without comparing text.
    case 4:
        return !equalsIgnoringCase(name, "host") || noteHost(value);
    case 6:
        if (equalsIgnoringCase(name, "expect"))
            m_seen.continueExpected = equalsIgnoringCase(value, "100-continue");
        return true;
    case 7:
        if (equalsIgnoringCase(name, "upgrade")) {
            while (!value.isEmpty())
                m_seen.webSocketProtocol |= equalsIgnoringCase(takeListElement(value), "websocket");
        }
        return true;
    case 10:
        if (equalsIgnoringCase(name, "connection"))
            noteConnection(value);
        return true;
    case 14:
        return !equalsIgnoringCase(name, "content-length") || noteContentLength(value);
    case 17:
        return !equalsIgnoringCase(name, "transfer-encoding") || noteTransferEncoding(value);
    default:
        return true;
    }
}

bool RequestHeadParser::noteHost(QByteArrayView value)
{
    if (++m_seen.hosts > 1)
        return fail(ErrorCode::InvalidRequest, "More than one Host field.");
    return isValidHost(value) || fail(ErrorCode::InvalidRequest, "Malformed Host field.");
}

bool RequestHeadParser::noteContentLength(QByteArrayView value)
{
    // RFC 9110 §8.6 lets equal lengths pass as one; who sends two has a broken client or bad intentions.
    if (m_seen.length)
        return fail(ErrorCode::InvalidRequest, "More than one Content-Length field.");
    const std::optional<qint64> length = parseContentLength(value);
    if (!length)
        return fail(ErrorCode::InvalidRequest, "Malformed Content-Length field.");
    m_seen.length = true;
    m_head.framing = RequestHead::Framing::Length;
    m_head.contentLength = *length;
    return true;
}

bool RequestHeadParser::noteTransferEncoding(QByteArrayView value)
{
    if (m_seen.coding)
        return fail(ErrorCode::InvalidRequest, "More than one Transfer-Encoding field.");
    m_seen.coding = true;
    m_head.framing = RequestHead::Framing::Chunked;
    switch (classifyTransferEncoding(value)) {
    case TransferCoding::Chunked:
        return true;
    case TransferCoding::Unknown:
        return fail(ErrorCode::NotImplemented, "The transfer coding is not implemented.");
    case TransferCoding::Invalid:
        break;
    }
    return fail(ErrorCode::InvalidRequest, "Malformed Transfer-Encoding field.");
}

void RequestHeadParser::noteConnection(QByteArrayView options)
{
    while (!options.isEmpty()) {
        const QByteArrayView option = takeListElement(options);
        m_seen.closeOption |= equalsIgnoringCase(option, "close");
        m_seen.keepAliveOption |= equalsIgnoringCase(option, "keep-alive");
        m_seen.upgradeOption |= equalsIgnoringCase(option, "upgrade");
    }
}

bool RequestHeadParser::finish()
{
    const bool current = m_head.minorVersion >= 1;
    if (m_seen.hosts == 0 && current)
        return fail(ErrorCode::InvalidRequest, "The Host field is missing.");
    if (m_seen.coding && m_seen.length)
        return fail(ErrorCode::InvalidRequest, "Both Content-Length and Transfer-Encoding.");
    if (m_seen.coding && !current)
        return fail(ErrorCode::InvalidRequest, "Transfer-Encoding in HTTP/1.0.");
    applyAuthority();
    const bool hasBody = m_head.framing == RequestHead::Framing::Chunked || m_head.contentLength > 0;
    m_head.keepAlive = !m_seen.closeOption && (current || m_seen.keepAliveOption);
    m_head.expectContinue = m_seen.continueExpected && current && hasBody;
    m_head.isUpgradeToWebSocket =
        m_seen.upgradeOption && m_seen.webSocketProtocol && current && !hasBody && m_head.method == "GET";
    m_stage = Stage::Done;
    return true;
}

void RequestHeadParser::applyAuthority()
{
    if (m_authority.isEmpty())
        return;
    m_head.headers.remove("host");
    m_head.headers.add("Host", m_authority);
}

bool RequestHeadParser::fail(ErrorCode code, const char *message, const char *reason)
{
    m_stage = Stage::Failed;
    m_error = Error{.code = code, .message = QString::fromLatin1(message), .reason = reason};
    return false;
}

} // namespace gatehouse
