// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "http/headers.h"

namespace gatehouse {

/// The standard phrase of a status (`Not Found`); empty for one that has none.
[[nodiscard]] QByteArrayView reasonPhrase(int status);

/// Builds the head of an answer, always as HTTP/1.1 (RFC 9112 §2.3), in one buffer. Whatever the fields
/// hold, the result is one well-formed head: CR, LF and NUL in a value become spaces (RFC 9110 §5.5), and a
/// field whose name is no token is left out.
class ResponseHeadWriter
{
public:
    explicit ResponseHeadWriter(int status);

    ResponseHeadWriter &add(QByteArrayView name, QByteArrayView value);
    ResponseHeadWriter &add(QByteArrayView name, qint64 value);
    ResponseHeadWriter &add(const Headers &headers);

    /// The finished head, ready for the body to be appended.
    [[nodiscard]] QByteArray finish() &&;

private:
    QByteArray m_out;
};

/// Appends `data` as one chunk (RFC 9112 §7.1). Nothing for empty data, which would end the body.
void appendChunk(QByteArray &out, QByteArrayView data);

/// Ends a chunked body.
inline constexpr char lastChunk[] = "0\r\n\r\n";

/// The value of the Date field (IMF-fixdate, RFC 9110 §5.6.7), formatted once a second. Not thread-safe: one
/// a lane.
class DateField
{
public:
    [[nodiscard]] const QByteArray &at(WallTime now);

private:
    std::chrono::sys_seconds m_second = std::chrono::sys_seconds::min();
    QByteArray m_value;
};

} // namespace gatehouse
