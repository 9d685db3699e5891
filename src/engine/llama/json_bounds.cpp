// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/json_bounds.h"

namespace gatehouse {

bool isModestJson(QByteArrayView json, qsizetype mostBytes, int mostLevels)
{
    if (json.size() > mostBytes)
        return false;
    int level = 0;
    bool inString = false;
    for (qsizetype i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (inString) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inString = false;
        } else if (c == '"') {
            inString = true;
        } else if (c == '[' || c == '{') {
            if (++level > mostLevels)
                return false;
        } else if (c == ']' || c == '}') {
            --level;
        }
    }
    return true;
}

} // namespace gatehouse
