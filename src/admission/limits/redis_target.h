// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "base/secret.h"

namespace gatehouse {

/// Which Redis, read from RedisSettings::url.
struct RedisTarget
{
    QString host; ///< A name or an address; empty: `path`.
    quint16 port = 6379;
    QByteArray path; ///< Of a Unix socket.
    QByteArray user; ///< Empty: Redis' default user.
    Secret password; ///< Empty: none.
    int database = 0;
};

/// `redis://[user][:password]@host[:port][/database]`, `unix://[user][:password]@/path[?db=N]`; user and
/// password percent-encoded. Errors: anything else; the text tells nothing of the URL itself.
[[nodiscard]] Result<RedisTarget> parseRedisUrl(const Secret &url);

} // namespace gatehouse
