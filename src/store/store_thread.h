// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gatehouse {

/// Names the calling thread and leaves all signals to the threads that expect them; SIGPIPE among them, which
/// a lost connection to the database must not turn into the program's end.
void becomeStoreThread(const char *name);

} // namespace gatehouse
