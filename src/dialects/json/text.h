// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace gatehouse::json {

/// Appends `text` as the inside of a JSON string. Besides what RFC 8259 §7 demands, U+0085, U+2028 and U+2029
/// are escaped: readers that split a stream by Unicode's line ends (Python's str.splitlines, which httpx
/// used) would tear an event apart at them. Bytes that are not UTF-8 become U+FFFD.
void appendEscaped(QByteArray &out, QByteArrayView text);

/// Whether every escape in the inside of a JSON string is one that RFC 8259 §7 knows.
[[nodiscard]] bool hasValidEscapes(QByteArrayView inside);

/// The characters that the inside of a JSON string stands for. Surrogate pairs are joined, a lone surrogate
/// becomes U+FFFD. Expects valid escapes.
[[nodiscard]] QByteArray unescaped(QByteArrayView inside);

/// Whether the text is one number of RFC 8259 §6, of any size and precision.
[[nodiscard]] bool isNumber(QByteArrayView text);

} // namespace gatehouse::json
