// SPDX-License-Identifier: GPL-3.0-or-later
// Request heads: the first byte of the input says where the rest is cut. However it is cut, the outcome is
// the same; what is accepted is one well-formed head by the plainest reading, and rendered again it reads the
// same.
#include "http/wire/canonical_request.h"
#include "http/wire/request_head_parser.h"
#include "require.h"

#include <cstdint>

using namespace gatehouse;
using State = FeedResult::State;

namespace {

struct Outcome
{
    State state = State::NeedMore;
    qsizetype consumed = 0;
    ErrorCode error = ErrorCode::Internal;
    RequestHead head;
    friend bool operator==(const Outcome &, const Outcome &) = default;
};

constexpr HeadLimits limits{.maxHeadBytes = 2048, .maxTargetBytes = 256, .maxFields = 20};

Outcome parse(QByteArrayView input, qsizetype pieceSize)
{
    RequestHeadParser parser(limits);
    Outcome outcome;
    for (qsizetype at = 0; at < input.size(); at += pieceSize) {
        const QByteArray piece = input.sliced(at, qMin(pieceSize, input.size() - at)).toByteArray();
        const FeedResult result = parser.feed(piece);
        outcome.state = result.state;
        if (result.state == State::Failed) {
            outcome.error = parser.error().code;
            return outcome;
        }
        require(result.consumed >= 0 && result.consumed <= piece.size(), "no more is taken than was given");
        if (result.state == State::Done) {
            outcome.consumed = at + result.consumed;
            outcome.head = parser.takeHead();
            return outcome;
        }
        require(result.consumed == piece.size(), "NeedMore takes everything");
    }
    return outcome;
}

QByteArray render(const RequestHead &head)
{
    QByteArray out = head.method + ' ' + head.path + (head.query.isEmpty() ? "" : "?") + head.query +
                     " HTTP/1." + QByteArray::number(head.minorVersion) + "\r\n";
    for (const Header &field : head.headers.all())
        out += field.name + ": " + field.value + "\r\n";
    return out + "\r\n";
}

void checkAccepted(QByteArrayView input, const Outcome &outcome)
{
    const QByteArray taken = input.first(outcome.consumed).toByteArray();
    require(taken.endsWith("\r\n\r\n") && taken.indexOf("\r\n\r\n") == taken.size() - 4,
            "a head ends with its first empty line");
    require(taken.count('\n') == taken.count("\r\n") && taken.count('\r') == taken.count("\r\n"),
            "no bare CR or LF");
    require(outcome.head.headers.size() <= limits.maxFields && taken.size() <= limits.maxHeadBytes + 4,
            "limits hold");
    require(outcome.head.headers.values("content-length").size() +
                    outcome.head.headers.values("transfer-encoding").size() <=
                1,
            "a body is framed once");
    require(outcome.head.headers.values("host").size() <= 1, "one Host");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size < 1)
        return 0;
    const QByteArrayView input(data + 1, static_cast<qsizetype>(size) - 1);
    const Outcome whole = parse(input, qMax<qsizetype>(1, input.size()));
    require(parse(input, 1) == whole, "byte by byte is the same");
    require(parse(input, 1 + data[0]) == whole, "in pieces is the same");
    if (whole.state != State::Done)
        return 0;

    checkAccepted(input, whole);
    const QByteArray rendered = render(whole.head);
    if (rendered.size() <= limits.maxHeadBytes) {
        const Outcome again = parse(rendered, rendered.size());
        require(again.state == State::Done && again.consumed == rendered.size() && again.head == whole.head,
                "rendered again it reads the same");
    }
    const QByteArray canonical = renderCanonical(whole.head, "body", {"X-Gate", "1"});
    if (canonical.size() <= limits.maxHeadBytes && whole.head.headers.size() < limits.maxFields - 2 &&
        whole.head.headers.contains("host")) {
        const Outcome again = parse(canonical, canonical.size());
        require(again.state == State::Done && again.consumed == canonical.size() - 4,
                "canonical is one request");
        require(again.head.contentLength == 4 && again.head.headers.values("x-gate").size() == 1,
                "canonical has one length and one mark");
    }
    return 0;
}
