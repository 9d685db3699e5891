// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "http/wire/feed_result.h"
#include "http/wire/line_scanner.h"
#include "http/wire/request_head.h"

namespace gatehouse {

struct HeadLimits
{
    qsizetype maxHeadBytes = 64 * 1024;  ///< Request line, fields and line ends together.
    qsizetype maxTargetBytes = 8 * 1024; ///< The request target alone.
    qsizetype maxFields = 100;
};

/// Reads request heads off a connection, one after the other, in pieces of any size. Strict where leniency
/// has led to request smuggling: what two readers could take differently is refused, not repaired.
///
/// Errors, all of which end the connection:
///  - InvalidRequest: malformed, or framed ambiguously (RFC 9112 §6.3).
///  - UriTooLong: the request line is over its limit.
///  - HeadersTooLarge: the whole is over its limit, or too many fields.
///  - NotImplemented: CONNECT, a method of more than 32 characters, a transfer coding before `chunked`
///    (RFC 9112 §6.1); with `reason` `http_version_not_supported` a major version other than 1 (505).
class RequestHeadParser
{
public:
    explicit RequestHeadParser(HeadLimits limits = {});

    /// Takes bytes up to the empty line that ends the head. After Done call takeHead() before the next
    /// feed().
    [[nodiscard]] FeedResult feed(QByteArrayView bytes);

    /// The head that feed() completed. The parser is as new afterwards.
    [[nodiscard]] RequestHead takeHead();

    [[nodiscard]] const Error &error() const { return m_error; }

    /// No byte of a request has come yet (an empty line ahead of it does not count, RFC 9112 §2.2). Tells an
    /// idle connection from one whose head is late.
    [[nodiscard]] bool isIdle() const { return m_stage <= Stage::RequestLine && !m_lines.hasPartialLine(); }

private:
    enum class Stage { Start, RequestLine, Fields, Done, Failed };

    /// What the fields said that matters for the connection itself.
    struct Seen
    {
        int hosts = 0;
        bool length = false;
        bool coding = false;
        bool closeOption = false;
        bool keepAliveOption = false;
        bool upgradeOption = false;
        bool webSocketProtocol = false;
        bool continueExpected = false;
    };

    bool takeLine(QByteArrayView line);
    bool takeRequestLine(QByteArrayView line);
    bool takeVersion(QByteArrayView version);
    bool takeField(QByteArrayView line);
    bool noteField(QByteArrayView name, QByteArrayView value);
    bool noteHost(QByteArrayView value);
    bool noteContentLength(QByteArrayView value);
    bool noteTransferEncoding(QByteArrayView value);
    void noteConnection(QByteArrayView options);
    bool finish();
    void applyAuthority();
    [[nodiscard]] qsizetype lineLimit() const;
    bool fail(ErrorCode code, const char *message, const char *reason = "");

    HeadLimits m_limits;
    LineScanner m_lines;
    Stage m_stage = Stage::Start;
    qsizetype m_headBytes = 0;
    QByteArray m_authority; ///< Of a target in absolute form.
    Seen m_seen;
    RequestHead m_head;
    Error m_error;
};

} // namespace gatehouse
