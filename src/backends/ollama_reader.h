// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/answer_reader.h"
#include "dialects/ollama/line_decoder.h"
#include "dialects/sse/line_splitter.h"

namespace gatehouse {

/// The answers of Ollama servers: lines of JSON, one of which says `done`. An answer in one piece is such a
/// line, too, with or without a line end.
class OllamaReader final : public AnswerReader
{
public:
    /// An answer in one piece, with all of its text.
    static constexpr qsizetype maxLineBytes = 64 * 1024 * 1024;

    explicit OllamaReader(QByteArray toolCallIdPrefix);

    void begin(const QByteArray &contentType) override;
    void append(const QByteArray &bytes) override;
    [[nodiscard]] std::optional<ChatEvents> next() override;
    [[nodiscard]] ChatEvents end() override;

private:
    ollama::LineDecoder m_events;
    sse::LineSplitter m_lines{sse::LineSplitter::Ends::Lf, maxLineBytes};
};

} // namespace gatehouse
