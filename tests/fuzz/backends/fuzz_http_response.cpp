// SPDX-License-Identifier: GPL-3.0-or-later
// Answers of upstreams: the first byte of the input says where the rest is cut. However it is cut, the
// outcome is the same, and the bound of the head holds.
#include "backends/wire/response_parser.h"

#include <cstdint>
#include <cstdlib>

using namespace gatehouse;
using Step = ResponseParser::Step;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

struct Outcome
{
    Step last = Step::NeedMore;
    int status = 0;
    QByteArray body;
    qsizetype taken = 0;
    bool keepsConnection = false;
    friend bool operator==(const Outcome &, const Outcome &) = default;
};

Outcome read(QByteArrayView bytes, qsizetype pieceSize)
{
    ResponseParser parser;
    Outcome outcome;
    for (qsizetype at = 0; at < bytes.size(); at += pieceSize) {
        const QByteArray cut = bytes.sliced(at, qMin(pieceSize, bytes.size() - at)).toByteArray();
        QByteArrayView input(cut);
        QByteArrayView piece;
        do {
            outcome.last = parser.next(input, piece);
            if (outcome.last == Step::Body) {
                require(!piece.isEmpty());
                outcome.body += piece;
            }
        } while (outcome.last == Step::Head || outcome.last == Step::Body);
        outcome.taken = at + cut.size() - input.size();
        if (outcome.last != Step::NeedMore)
            break;
        require(input.isEmpty());
    }
    if (outcome.last == Step::NeedMore)
        outcome.last = parser.endOfInput();
    outcome.status = parser.status();
    outcome.keepsConnection = parser.keepsConnection();
    if (outcome.status == 0)
        require(outcome.last == Step::Broken && outcome.body.isEmpty());
    if (outcome.last == Step::Broken)
        outcome.taken = 0; // Where exactly a broken answer broke is of no matter.
    return outcome;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size < 1)
        return 0;
    const QByteArrayView bytes(data + 1, static_cast<qsizetype>(size) - 1);
    const Outcome whole = read(bytes, qMax<qsizetype>(1, bytes.size()));
    require(read(bytes, 1) == whole);
    require(read(bytes, 1 + data[0]) == whole);
    return 0;
}
