// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

#include <optional>

namespace gatehouse {

/// The value of Content-Length (RFC 9110 §8.6): digits only, no list; unset for anything else and for what
/// a qint64 can't hold.
[[nodiscard]] std::optional<qint64> parseContentLength(QByteArrayView value);

enum class TransferCoding {
    Chunked,
    Unknown, ///< Well-formed, `chunked` comes last, something before it that nothing here decodes (501).
    Invalid, ///< Without `chunked` at its end the body's length can't be known (RFC 9112 §6.3).
};

/// Judges the value of Transfer-Encoding (RFC 9112 §6.1).
[[nodiscard]] TransferCoding classifyTransferEncoding(QByteArrayView value);

} // namespace gatehouse
