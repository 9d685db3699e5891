// SPDX-License-Identifier: GPL-3.0-or-later
// The input is an Ollama server's answer.
#include "dialects/ollama/line_decoder.h"
#include "dialects/ollama/models_body.h"
#include "dialects/sse/line_splitter.h"
#include "fuzz/dialects/check_answer.h"

#include <cstdint>

using namespace gatehouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArrayView input(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    sse::LineSplitter lines(sse::LineSplitter::Ends::Lf);
    ollama::LineDecoder decoder("call_x");
    QList<ChatEvent> events;
    lines.append(input);
    while (const auto line = lines.next()) {
        for (const ChatEvent &event : decoder.feed(*line))
            events.append(event);
    }
    for (const ChatEvent &event : decoder.end())
        events.append(event);
    fuzz::checkAnswer(events);
    (void)ollama::decodeModelList(input);
    return 0;
}
