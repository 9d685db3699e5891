// SPDX-License-Identifier: GPL-3.0-or-later
// Chunked bodies: the first byte of the input says where the rest is cut. However it is cut, the outcome is
// the same; limits hold; what was decoded, encoded again, decodes to the same.
#include "http/wire/chunked_decoder.h"
#include "http/wire/response_head.h"
#include "require.h"

#include <cstdint>

using namespace gatehouse;
using State = FeedResult::State;

namespace {

constexpr qint64 bodyLimit = 4096;

struct Outcome
{
    State state = State::NeedMore;
    qsizetype consumed = 0;
    QByteArray body;
    ErrorCode error = ErrorCode::Internal;
    friend bool operator==(const Outcome &, const Outcome &) = default;
};

Outcome decode(QByteArrayView input, qsizetype pieceSize)
{
    ChunkedDecoder decoder(bodyLimit);
    Outcome outcome;
    for (qsizetype at = 0; at < input.size(); at += pieceSize) {
        const QByteArray piece = input.sliced(at, qMin(pieceSize, input.size() - at)).toByteArray();
        const FeedResult result = decoder.feed(piece, outcome.body);
        outcome.state = result.state;
        require(outcome.body.size() <= bodyLimit, "the body's limit holds");
        if (result.state == State::Failed) {
            outcome.error = decoder.error().code;
            return outcome;
        }
        require(result.consumed >= 0 && result.consumed <= piece.size(), "no more is taken than was given");
        if (result.state == State::Done) {
            outcome.consumed = at + result.consumed;
            return outcome;
        }
        require(result.consumed == piece.size(), "NeedMore takes everything");
    }
    return outcome;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size < 1)
        return 0;
    const QByteArrayView input(data + 1, static_cast<qsizetype>(size) - 1);
    const Outcome whole = decode(input, qMax<qsizetype>(1, input.size()));
    require(decode(input, 1) == whole, "byte by byte is the same");
    require(decode(input, 1 + data[0]) == whole, "in pieces is the same");
    if (whole.state != State::Done)
        return 0;

    require(input.first(whole.consumed).endsWith("\r\n\r\n"), "a body ends with an empty line");
    QByteArray again;
    const qsizetype half = whole.body.size() / 2;
    appendChunk(again, whole.body.first(half));
    appendChunk(again, whole.body.sliced(half));
    again += lastChunk;
    const Outcome second = decode(again, again.size());
    require(second.state == State::Done && second.consumed == again.size() && second.body == whole.body,
            "encoded again it decodes to the same");
    return 0;
}
