// SPDX-License-Identifier: GPL-3.0-or-later
// The input is an upstream's answer: one in one piece and, line by line, a stream of payloads.
#include "dialects/openai/event_decoder.h"
#include "dialects/openai/upstream_error.h"
#include "fuzz/dialects/check_answer.h"

#include <cstdint>

using namespace gatehouse;

static void append(QList<ChatEvent> &events, const ChatEvents &more)
{
    for (const ChatEvent &event : more)
        events.append(event);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArray input(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    QList<ChatEvent> whole;
    openai::EventDecoder wholeDecoder("call_x");
    append(whole, wholeDecoder.feedAnswer(input));
    append(whole, wholeDecoder.end());
    fuzz::checkAnswer(whole);

    QList<ChatEvent> streamed;
    openai::EventDecoder streamDecoder("call_x", 2);
    for (const QByteArray &payload : input.split('\n'))
        append(streamed, streamDecoder.feed(payload));
    append(streamed, streamDecoder.end());
    fuzz::checkAnswer(streamed);

    fuzz::require(openai::decodeError(400, input).message.size() < 2000);
    return 0;
}
