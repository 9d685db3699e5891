// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "load/options.h"

namespace gatehouse::bench {

/// Opens `connections` streams and reads them to their end. Prints the line `begin` once each has brought a
/// token, and, `seconds` later, `end <events>`: the token events that came in between. At the end of all
/// streams one line of JSON: `{"streams", "complete", "lost_tokens", "failures"}`. A stream is complete when
/// it brought `tokens` tokens in order, and `[DONE]`. Returns the exit status.
int runStreamLoad(const Options &options);

} // namespace gatehouse::bench
