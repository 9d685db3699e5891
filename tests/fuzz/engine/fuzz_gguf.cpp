// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as a GGUF file.
#include "../http/require.h"
#include "engine/llama/gguf_check.h"

#include <QBuffer>

using namespace gatehouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    QByteArray bytes(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    QBuffer file(&bytes);
    file.open(QIODevice::ReadOnly);
    const Result<GgufParts> parts = checkGguf(file);
    if (parts) {
        require(bytes.startsWith("GGUF") && size >= 24, "a file has a header");
        require(parts->count >= 1 && parts->index >= 0 && parts->index < parts->count,
                "a part is of a whole");
    } else {
        const QString fault = parts.error().message;
        require(!fault.isEmpty() && fault.size() < 400, "a fault is told in a line");
        require(!fault.contains(u'\n') && !fault.contains(QChar(0x1B)), "in which nothing is spelled out");
    }
    return 0;
}
