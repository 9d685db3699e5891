// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

#include <optional>

namespace gatehouse {

/// A field line in two (RFC 9112 §5). Views into the line.
struct FieldLine
{
    QByteArrayView name;
    QByteArrayView value; ///< Without the white space around it.
};

/// One or more tchar (RFC 9110 §5.6.2).
[[nodiscard]] bool isToken(QByteArrayView text);

/// Unset where the name is no token, which covers white space before the colon, continuation lines
/// (obs-fold) and lines without a colon. The line must be free of control characters but HTAB.
[[nodiscard]] std::optional<FieldLine> splitFieldLine(QByteArrayView line);

/// Without the spaces and tabs at both ends (OWS, RFC 9110 §5.6.3).
[[nodiscard]] QByteArrayView trimmedOws(QByteArrayView text);

[[nodiscard]] bool equalsIgnoringCase(QByteArrayView a, QByteArrayView b);

/// Takes the first element off a comma-separated list (RFC 9110 §5.6.1), OWS trimmed. Empty elements come out
/// as such.
[[nodiscard]] QByteArrayView takeListElement(QByteArrayView &list);

} // namespace gatehouse
