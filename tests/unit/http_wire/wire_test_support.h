// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/wire/request_head_parser.h"

#include <QTest>

#include <optional>

namespace gatehouse::test {

/// What became of a head: a value to compare, whichever way the bytes were fed.
struct HeadOutcome
{
    FeedResult::State state = FeedResult::State::NeedMore;
    qsizetype consumed = 0; ///< Of the whole input; 0 unless Done.
    std::optional<ErrorCode> error;
    QByteArray reason;
    RequestHead head;
    friend bool operator==(const HeadOutcome &, const HeadOutcome &) = default;
};

/// Feeds `input` in the pieces that end at `cuts` (ascending), as a connection would.
inline HeadOutcome parseHead(QByteArrayView input, const QList<qsizetype> &cuts = {}, HeadLimits limits = {})
{
    RequestHeadParser parser(limits);
    HeadOutcome outcome;
    qsizetype at = 0;
    for (qsizetype i = 0; i <= cuts.size(); ++i) {
        const qsizetype end = i < cuts.size() ? cuts[i] : input.size();
        const QByteArray piece =
            input.sliced(at, end - at).toByteArray(); // Memory of its own: asan sees overruns.
        const FeedResult result = parser.feed(piece);
        outcome.state = result.state;
        if (result.state == FeedResult::State::Failed) {
            outcome.error = parser.error().code;
            outcome.reason = parser.error().reason;
            return outcome;
        }
        if (result.state == FeedResult::State::Done) {
            outcome.consumed = at + result.consumed;
            outcome.head = parser.takeHead();
            return outcome;
        }
        at = end;
    }
    return outcome;
}

/// Whole, cut in two at every byte, and byte by byte: all the same?
inline bool isIndependentOfCuts(QByteArrayView input, HeadLimits limits = {})
{
    const HeadOutcome whole = parseHead(input, {}, limits);
    QList<qsizetype> everywhere;
    for (qsizetype cut = 1; cut < input.size(); ++cut) {
        everywhere.append(cut);
        if (!(parseHead(input, {cut}, limits) == whole)) {
            qWarning("differs when cut at %lld", static_cast<long long>(cut));
            return false;
        }
    }
    return parseHead(input, everywhere, limits) == whole;
}

} // namespace gatehouse::test
