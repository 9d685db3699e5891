// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/toml_depth.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// Up to two quotes more may stand at the end of a multi-line string; they belong to it.
qsizetype endOfQuotes(QByteArrayView text, qsizetype at, char quote)
{
    const qsizetype last = std::min(at + 2, text.size());
    while (at < last && text[at] == quote)
        ++at;
    return at;
}

/// The position behind the string that begins at `at` with a quote.
qsizetype endOfString(QByteArrayView text, qsizetype at)
{
    const char quote = text[at];
    const QByteArrayView triple = quote == '"' ? QByteArrayView(R"(""")") : QByteArrayView("'''");
    const bool isTriple = text.sliced(at).startsWith(triple);
    for (at += isTriple ? 3 : 1; at < text.size(); ++at) {
        if (text[at] == '\\' && quote == '"')
            ++at;
        else if (isTriple && text.sliced(at).startsWith(triple))
            return endOfQuotes(text, at + 3, quote);
        else if (!isTriple && (text[at] == quote || text[at] == '\n'))
            return at + 1;
    }
    return text.size();
}

qsizetype endOfComment(QByteArrayView text, qsizetype at)
{
    const qsizetype newline = text.indexOf('\n', at);
    return newline < 0 ? text.size() : newline;
}

} // namespace

bool isTomlShallow(QByteArrayView text)
{
    constexpr int mostDots = 2000;
    int dots = 0;
    qsizetype at = 0;
    while (at < text.size() && dots <= mostDots) {
        const char c = text[at];
        if (c == '"' || c == '\'') {
            at = endOfString(text, at);
        } else if (c == '#') {
            at = endOfComment(text, at);
        } else {
            dots += c == '.' ? 1 : 0;
            ++at;
        }
    }
    return dots <= mostDots;
}

} // namespace gatehouse
