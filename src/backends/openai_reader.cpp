// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/openai_reader.h"

#include "dialects/openai/upstream_error.h"

namespace gatehouse {

namespace {

/// Each prompt is answered by its own choices.
int choicesOf(const ChatRequest &request)
{
    const auto *prompt = std::get_if<Prompt>(&request.input);
    return prompt ? request.choices * static_cast<int>(prompt->texts.size()) : request.choices;
}

ChatEvents failure(const Error &error)
{
    return ChatEvents{AnswerFailed{error}};
}

} // namespace

OpenAiReader::OpenAiReader(QByteArray toolCallIdPrefix, const ChatRequest &request)
    : m_events(std::move(toolCallIdPrefix), choicesOf(request))
    , m_isStream(request.stream)
{}

void OpenAiReader::begin(const QByteArray &contentType)
{
    const QByteArray type = contentType.split(';').first().trimmed().toLower();
    if (type == "text/event-stream")
        m_isStream = true;
    else if (type == "application/json" || type.endsWith("+json"))
        m_isStream = false;
}

void OpenAiReader::append(const QByteArray &bytes)
{
    if (m_isStream)
        return m_sse.append(bytes);
    m_overflowed = m_overflowed || bytes.size() > maxBodyBytes - m_body.size();
    if (!m_overflowed)
        m_body += bytes;
}

std::optional<ChatEvents> OpenAiReader::next()
{
    if (m_overflowed)
        return failure(openai::garbageError(QStringLiteral("the answer is too long")));
    if (!m_isStream)
        return std::nullopt;
    if (const auto event = m_sse.next())
        return m_events.feed(event->data);
    if (m_sse.overflowed())
        return failure(openai::garbageError(QStringLiteral("an event is too long")));
    return std::nullopt;
}

ChatEvents OpenAiReader::end()
{
    return m_isStream ? m_events.end() : m_events.feedAnswer(m_body);
}

} // namespace gatehouse
