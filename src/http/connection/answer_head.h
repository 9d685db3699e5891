// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/headers.h"

#include <optional>

namespace gatehouse {

/// What the request, and the state of its connection, decide about the answer's form.
struct AnswerTerms
{
    int minorVersion = 1;  ///< Of the request: HTTP/1.0 or 1.1.
    bool isHead = false;   ///< HEAD: the head as for GET, no body.
    bool keepAlive = true; ///< Whether the connection goes on afterwards.
    QByteArray requestId = {};
};

/// How the end of the body is told (RFC 9112 §6).
struct AnswerFraming
{
    std::optional<qint64> contentLength = {};
    bool chunked = false;
};

/// The head of an answer: what the door adds to every one, then the handler's own fields, without those that
/// are the door's to set.
[[nodiscard]] QByteArray renderAnswerHead(int status, const Headers &headers, const AnswerTerms &terms,
                                          const AnswerFraming &framing, const QByteArray &date);

/// Whether an answer of that status may have a body at all (RFC 9110 §6.4.1).
[[nodiscard]] bool allowsBody(int status);

} // namespace gatehouse
