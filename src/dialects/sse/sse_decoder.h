// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/sse/line_splitter.h"

#include <QByteArray>

#include <optional>

namespace gatehouse::sse {

/// One dispatched event. The views are valid until the decoder is used again.
struct SseEvent
{
    QByteArrayView data; ///< Lines joined with LF.
    QByteArrayView type; ///< The `event` field; empty: `message`.
};

/// Reads a text/event-stream as WHATWG HTML §9.2.6 says, wherever the pieces it comes in are cut: append what
/// came, then take events until there is none. Comments, `id` and `retry` are swallowed; an event that no
/// blank line ends is never told. One thread.
class SseDecoder
{
public:
    explicit SseDecoder(qsizetype maxEventBytes = LineSplitter::defaultLimit)
        : m_lines(LineSplitter::Ends::CrOrLf, maxEventBytes)
        , m_maxEventBytes(maxEventBytes)
    {}

    void append(QByteArrayView bytes);
    [[nodiscard]] std::optional<SseEvent> next();

    /// A line or an event went over the limit. No further event comes.
    [[nodiscard]] bool overflowed() const { return m_overflowed || m_lines.overflowed(); }

private:
    void takeField(QByteArrayView line);
    void takeData(QByteArrayView value);

    LineSplitter m_lines;
    qsizetype m_maxEventBytes;
    QByteArray m_data;
    QByteArray m_type;
    int m_dataLines = 0;
    bool m_dispatched = false; ///< m_data and m_type are of an event already told.
    bool m_firstLine = true;   ///< A byte order mark may come.
    bool m_overflowed = false;
};

} // namespace gatehouse::sse
