// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as a caller's token numbers.
#include "../http/require.h"
#include "engine/token_lists.h"

using namespace gatehouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArrayView json(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    const Result<QList<Tokens>> lists = readTokenLists(json);
    if (!lists) {
        require(lists.error().param == "input", "the field is named");
        return 0;
    }
    std::size_t tokens = 0;
    for (const Tokens &list : *lists)
        tokens += list.size();
    require(json.trimmed().startsWith('[') && json.trimmed().endsWith(']'), "a list is a list");
    require(!lists->isEmpty() && tokens + static_cast<std::size_t>(lists->size()) <= size,
            "every token and every list has a byte of its own");
    return 0;
}
