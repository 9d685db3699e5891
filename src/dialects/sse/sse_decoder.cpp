// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/sse/sse_decoder.h"

namespace gatehouse::sse {

void SseDecoder::append(QByteArrayView bytes)
{
    m_lines.append(bytes);
}

std::optional<SseEvent> SseDecoder::next()
{
    if (m_dispatched) {
        m_dispatched = false;
        m_dataLines = 0;
        m_data.resize(0); // Unlike clear(), keeps the memory for the next event.
        m_type.resize(0);
    }
    while (!m_overflowed) {
        std::optional<QByteArrayView> line = m_lines.next();
        if (!line)
            break;
        if (std::exchange(m_firstLine, false) && line->startsWith("\xef\xbb\xbf"))
            line = line->sliced(3);
        if (!line->isEmpty()) {
            takeField(*line);
        } else if (m_dataLines > 0) {
            m_dispatched = true;
            return SseEvent{.data = m_data, .type = m_type};
        } else {
            m_type.resize(0); // An event without data is none, and its type goes with it.
        }
    }
    return {};
}

void SseDecoder::takeField(QByteArrayView line)
{
    const qsizetype colon = line.indexOf(':');
    const QByteArrayView name = colon < 0 ? line : line.first(colon);
    QByteArrayView value = colon < 0 ? QByteArrayView() : line.sliced(colon + 1);
    if (value.startsWith(' '))
        value = value.sliced(1);
    if (name == "data") {
        takeData(value);
    } else if (name == "event") {
        m_type.resize(0);
        m_type.append(value.data(), value.size());
    }
}

void SseDecoder::takeData(QByteArrayView value)
{
    if (m_data.size() + value.size() + 1 > m_maxEventBytes) {
        m_overflowed = true;
        return;
    }
    if (m_dataLines++ > 0)
        m_data += '\n';
    m_data.append(value.data(), value.size());
}

} // namespace gatehouse::sse
