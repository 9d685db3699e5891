// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

#include <optional>

namespace gatehouse {

/// A request target in its parts (RFC 9112 §3.2). Views into the target.
struct RequestTarget
{
    QByteArrayView path;      ///< Starts with `/`, or is `*`.
    QByteArrayView query;     ///< Without `?`.
    QByteArrayView authority; ///< Of a target in absolute form; empty in the other forms.
};

/// Splits origin-form, absolute-form (http and https) and asterisk-form; unset for anything else, and for
/// white space, `#`, control or non-ASCII characters anywhere. A `*` path is right with OPTIONS only.
[[nodiscard]] std::optional<RequestTarget> splitTarget(QByteArrayView target);

/// `uri-host [ ":" port ]` (RFC 9110 §7.2), without user information. Empty is valid: it is what a client
/// sends whose URI has no host.
[[nodiscard]] bool isValidHost(QByteArrayView host);

} // namespace gatehouse
