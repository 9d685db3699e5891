// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

namespace gatehouse::sse {

/// A comment, which every reader of an event stream drops: sent so that neither end nor anything between
/// takes a silent stream for a dead one (contract §1).
inline constexpr QByteArrayView keepalive = ": keepalive\n\n";

} // namespace gatehouse::sse
