// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace gatehouse::sse {

/// A comment, which every reader of an event stream drops: sent so that neither end nor anything between
/// takes a silent stream for a dead one (contract §1).
inline constexpr QByteArrayView keepalive = ": keepalive\n\n";

/// The comment of a stream that waits for its turn: `place` requests, itself included, are still to be
/// served.
[[nodiscard]] inline QByteArray queuePosition(qsizetype place)
{
    return ": queue position " + QByteArray::number(place) + "\n\n";
}

} // namespace gatehouse::sse
