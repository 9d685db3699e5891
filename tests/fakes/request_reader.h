// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

#include <optional>
#include <utility>

namespace gatehouse::fakes {

/// A request as it came.
struct WireRequest
{
    QByteArray method;
    QByteArray path; ///< Without the query.
    QByteArray query;
    QList<std::pair<QByteArray, QByteArray>> headers; ///< In order, names lower case.
    QByteArray body;                                  ///< Without its chunk framing.
    bool keepAlive = true;

    [[nodiscard]] QByteArray header(QByteArrayView lowerCaseName) const; ///< Empty: none.
};

/// Reads HTTP/1 requests from a connection's bytes. Tolerant on purpose: what a gateway sends is judged by
/// tests that look at the record, not by a parser that hangs up.
class RequestReader
{
public:
    static constexpr qsizetype MostBytes = 256 * 1024 * 1024;

    void feed(const QByteArray &bytes);

    /// The next complete request, if it has arrived. Requests may be pipelined.
    [[nodiscard]] std::optional<WireRequest> next();

    /// Bytes came that are no HTTP at all, or too many.
    [[nodiscard]] bool isBroken() const { return m_broken; }

private:
    bool readHead();
    bool readBody();
    bool readChunks();
    void readField(QByteArrayView line);
    std::optional<QByteArray> takeLine();
    void compact();

    QByteArray m_bytes;
    qsizetype m_position = 0;
    qsizetype m_scanned = 0; ///< No empty line ends before this: a dripping head is not read again and again.
    std::optional<WireRequest> m_request; ///< Whose body is still on its way.
    qsizetype m_length = 0;
    bool m_chunked = false;
    bool m_broken = false;
};

} // namespace gatehouse::fakes
