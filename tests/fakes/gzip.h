// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace gatehouse::fakes {

/// `bytes` in the gzip format (RFC 1952), in stored blocks: any reader accepts them.
[[nodiscard]] QByteArray gzipped(const QByteArray &bytes);

} // namespace gatehouse::fakes
