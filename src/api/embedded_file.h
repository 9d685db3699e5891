// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/request.h"
#include "http/response_sink.h"

#include <QByteArray>

namespace gatehouse {

/// A file that was compiled into the program, ready to be answered with: its bytes lie in the program's image
/// and are sent as they lie there (compressed) to whoever can read that; for others they are inflated, once
/// in the life of the process. A value; any thread.
class EmbeddedFile
{
public:
    /// `path` as Qt's resources name it (`:/gatehouse/openapi.json`). Not found: isValid() is false.
    explicit EmbeddedFile(const QString &path);

    [[nodiscard]] bool isValid() const { return m_isValid; }

    /// 200, or 304 where the caller has it already (RFC 9110 §13.1.2).
    [[nodiscard]] Response response(const Request &request, const QByteArray &cacheControl) const;

private:
    bool m_isValid = false;
    bool m_isCompressed = false;
    QByteArray m_bytes; ///< Compressed: what qUncompress() reads, four bytes of length before a zlib stream.
    QByteArray m_type;
    QByteArray m_tag; ///< Of the content, without quotes.
};

} // namespace gatehouse
