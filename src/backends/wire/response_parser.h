// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

#include <utility>

namespace gatehouse {

/// Reads one HTTP/1.x answer to a request other than HEAD (RFC 9112), wherever the pieces it comes in are
/// cut. Strict where leniency would let an answer end in the wrong place: two lengths, a length beside
/// chunks, another transfer coding or a malformed chunk size break it. Interim answers (1xx) are skipped.
/// Pure; one object an answer.
class ResponseParser
{
public:
    /// Of all heads of an answer, and of its trailers.
    static constexpr qsizetype maxHeadBytes = 64 * 1024;

    enum class Step {
        NeedMore, ///< All of the input was taken.
        Head,     ///< status() and header() are known.
        Body,     ///< `body` is the next piece of it; never empty.
        Complete, ///< What is left of the input is not of this answer.
        Broken,   ///< This is no answer. Nothing more is read.
    };

    /// Takes what one step needs off the front of `input`. `body` points into the input.
    [[nodiscard]] Step next(QByteArrayView &input, QByteArrayView &body);

    /// The connection ended: whether that makes the answer Complete or Broken.
    [[nodiscard]] Step endOfInput();

    [[nodiscard]] int status() const { return m_status; } ///< 0 before Head.
    /// The value of a header, the first of several. `name` is in lower case.
    [[nodiscard]] QByteArray header(QByteArrayView name) const;

    [[nodiscard]] bool hasBegun() const { return m_hasBegun; } ///< A byte of the answer has come.
    /// Whether the connection can carry another request once the answer is complete.
    [[nodiscard]] bool keepsConnection() const { return m_keepsConnection; }

private:
    enum class State {
        StatusLine,
        Headers,
        Length,
        UntilClose,
        ChunkSize,
        ChunkData,
        ChunkEnd,
        Trailers,
        Complete,
        Broken
    };

    [[nodiscard]] bool takeLine(QByteArrayView &input, QByteArrayView &line);
    [[nodiscard]] Step takeBody(QByteArrayView &input, QByteArrayView &body);
    void takeStatusLine(QByteArrayView line);
    void takeHeader(QByteArrayView line);
    void takeChunkSize(QByteArrayView line);
    [[nodiscard]] bool finishHead();
    [[nodiscard]] State framing();
    [[nodiscard]] bool hasToken(QByteArrayView name, QByteArrayView token) const;
    void fail() { m_state = State::Broken; }

    State m_state = State::StatusLine;
    QByteArray m_line;        ///< The part of a line that came in an earlier piece.
    bool m_lineGiven = false; ///< m_line was handed out and is spent.
    qsizetype m_headBytes = 0;
    QList<std::pair<QByteArray, QByteArray>> m_headers; ///< Names in lower case.
    qint64 m_left = 0;                                  ///< Bytes of the body, or of the chunk, to come.
    int m_status = 0;
    int m_lineStatus = 0; ///< Of the head that is being read.
    bool m_isHttp11 = false;
    bool m_hasBegun = false;
    bool m_keepsConnection = false;
};

} // namespace gatehouse
