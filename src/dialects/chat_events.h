// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"

#include <QVarLengthArray>

namespace gatehouse {

/// What one piece of an upstream's answer means, in order. Mostly none or one, so no memory is allocated.
using ChatEvents = QVarLengthArray<ChatEvent, 4>;

} // namespace gatehouse
