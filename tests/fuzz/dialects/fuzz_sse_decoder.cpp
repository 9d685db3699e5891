// SPDX-License-Identifier: GPL-3.0-or-later
// The input is an event stream. Read at once or byte by byte, the same events must come, none over the bound.
#include "dialects/sse/sse_decoder.h"
#include "fuzz/dialects/check_answer.h"

#include <cstdint>

using namespace gatehouse;

static constexpr qsizetype maxEventBytes = 64;

static QByteArray decode(QByteArrayView input, qsizetype pieceBytes)
{
    sse::SseDecoder decoder(maxEventBytes);
    QByteArray told;
    for (qsizetype at = 0; at < input.size(); at += pieceBytes) {
        decoder.append(input.sliced(at, qMin(pieceBytes, input.size() - at)));
        while (const auto event = decoder.next()) {
            fuzz::require(event->data.size() <= maxEventBytes && event->type.size() <= maxEventBytes);
            told += '<' + event->type.toByteArray() + '|' + event->data.toByteArray() + '>';
        }
    }
    return told + (decoder.overflowed() ? "overflowed" : "");
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArrayView input(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    const QByteArray whole = decode(input, qMax<qsizetype>(1, input.size()));
    fuzz::require(decode(input, 1) == whole);
    fuzz::require(decode(input, 7) == whole);
    return 0;
}
