// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

namespace gatehouse {

/// What an incremental parser made of the bytes that it was fed. The outcome depends on the bytes alone,
/// never on how they were cut into pieces.
struct FeedResult
{
    enum class State {
        NeedMore, ///< All bytes were taken; feed the next ones when they come.
        Done,     ///< Complete. Bytes past `consumed` belong to what follows.
        Failed,   ///< Against the syntax or over a limit; the parser's error() says which. Final.
    };
    State state = State::NeedMore;
    qsizetype consumed = 0; ///< How many bytes of this call were taken; meaningless where Failed.
};

} // namespace gatehouse
