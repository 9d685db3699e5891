// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/chat_events.h"
#include "dialects/json/document.h"

namespace gatehouse::ollama {

/// Reads one answer of Ollama's /api/chat or /api/generate, line by line (docs/api.md); an answer in one
/// piece is one line that says `done`. Events come out in the order that ChatEvent promises, and a failure of
/// any kind is AnswerFailed, after which nothing follows. One object an answer, one thread.
class LineDecoder
{
public:
    /// The prefix, unique for the answer, begins the ids of tool calls that came without one.
    explicit LineDecoder(QByteArray toolCallIdPrefix)
        : m_toolCallIdPrefix(std::move(toolCallIdPrefix))
    {}

    [[nodiscard]] ChatEvents feed(QByteArrayView line);

    /// The stream ended: an answer that never said `done` was cut.
    [[nodiscard]] ChatEvents end();

    [[nodiscard]] bool isOver() const { return m_over; }

private:
    void takeLine(const json::Value &line, ChatEvents &events);
    void takeToolCalls(const json::Value &calls, ChatEvents &events);
    void complete(const json::Value &line, ChatEvents &events);
    void fail(Error error, ChatEvents &events);

    QByteArray m_toolCallIdPrefix;
    json::Document m_document;
    int m_toolCalls = 0;
    bool m_started = false;
    bool m_over = false;
};

} // namespace gatehouse::ollama
