// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/embedded_file.h"

#include <QCryptographicHash>
#include <QHash>
#include <QMutex>
#include <QResource>

#include <algorithm>

namespace gatehouse {

namespace {

constexpr qsizetype lengthBytes = 4; ///< Before the zlib stream, as qCompress() puts them.

QByteArray typeOf(const QString &path)
{
    const QString ending = path.mid(path.lastIndexOf(QLatin1Char('.')) + 1);
    if (ending == QLatin1String("html"))
        return "text/html; charset=utf-8";
    if (ending == QLatin1String("js"))
        return "text/javascript; charset=utf-8";
    if (ending == QLatin1String("css"))
        return "text/css; charset=utf-8";
    if (ending == QLatin1String("json"))
        return "application/json";
    if (ending == QLatin1String("png"))
        return "image/png";
    return "text/plain; charset=utf-8";
}

/// The elements of a list-valued field, in lower case, without parameters; those with `q=0` are left out.
QByteArrayList listOf(const Headers &headers, const char *name)
{
    QByteArrayList list;
    for (const QByteArray &element : headers.values(name).join(',').split(',')) {
        const QByteArrayList parts = element.toLower().split(';');
        const bool isRefused = std::any_of(parts.begin() + 1, parts.end(), [](const QByteArray &parameter) {
            const QByteArray text = parameter.trimmed();
            return text.startsWith("q=") && text.mid(2).toDouble() == 0;
        });
        if (!isRefused)
            list.append(parts.first().trimmed());
    }
    return list;
}

/// Inflated once for the whole process: anybody may ask for these files, as often as they like.
QByteArray inflated(const QByteArray &compressed)
{
    static QMutex mutex;
    static QHash<const char *, QByteArray> files; // By where they lie in the program's image.
    const QMutexLocker lock(&mutex);
    QByteArray &bytes = files[compressed.constData()];
    if (bytes.isNull())
        bytes = qUncompress(compressed);
    return bytes;
}

} // namespace

EmbeddedFile::EmbeddedFile(const QString &path)
{
    const QResource resource(path);
    m_isValid = resource.isValid() && resource.data();
    if (!m_isValid)
        return;
    m_isCompressed = resource.compressionAlgorithm() == QResource::ZlibCompression;
    m_bytes = QByteArray::fromRawData(reinterpret_cast<const char *>(resource.data()), resource.size());
    m_type = typeOf(path);
    m_tag = QCryptographicHash::hash(m_bytes, QCryptographicHash::Sha256).toHex().left(16);
}

Response EmbeddedFile::response(const Request &request, const QByteArray &cacheControl) const
{
    // The coding `deflate` is a zlib stream (RFC 9110 §8.4.1.2).
    const bool isDeflated = m_isCompressed && listOf(request.headers, "accept-encoding").contains("deflate");
    const QByteArray tag = '"' + m_tag + (isDeflated ? "-deflate\"" : "\"");
    Response response{
        .headers = {{"ETag", tag}, {"Cache-Control", cacheControl}, {"Vary", "Accept-Encoding"}}};
    const QByteArrayList known = listOf(request.headers, "if-none-match");
    if (known.contains(tag) || known.contains("w/" + tag) || known.contains("*")) {
        response.status = 304;
        return response;
    }
    response.headers.add("Content-Type", m_type);
    if (isDeflated)
        response.headers.add("Content-Encoding", "deflate");
    response.body = isDeflated ? m_bytes.mid(lengthBytes) : m_isCompressed ? inflated(m_bytes) : m_bytes;
    return response;
}

} // namespace gatehouse
