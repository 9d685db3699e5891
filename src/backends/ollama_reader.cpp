// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/ollama_reader.h"

#include "dialects/openai/upstream_error.h"

namespace gatehouse {

OllamaReader::OllamaReader(QByteArray toolCallIdPrefix)
    : m_events(std::move(toolCallIdPrefix))
{}

void OllamaReader::begin(const QByteArray &) {}

void OllamaReader::append(const QByteArray &bytes)
{
    m_lines.append(bytes);
}

std::optional<ChatEvents> OllamaReader::next()
{
    if (const auto line = m_lines.next())
        return m_events.feed(*line);
    if (m_lines.overflowed())
        return ChatEvents{AnswerFailed{openai::garbageError(QStringLiteral("a line is too long"))}};
    return std::nullopt;
}

ChatEvents OllamaReader::end()
{
    ChatEvents events = m_events.feed(m_lines.rest());
    for (ChatEvent &event : m_events.end())
        events.append(std::move(event));
    return events;
}

} // namespace gatehouse
