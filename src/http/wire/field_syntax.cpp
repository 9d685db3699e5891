// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/wire/field_syntax.h"

#include <array>

namespace gatehouse {

namespace {

constexpr std::array<bool, 256> makeTokenTable()
{
    std::array<bool, 256> table = {};
    for (unsigned c = 'a'; c <= 'z'; ++c)
        table[c] = table[c - 'a' + 'A'] = true;
    for (unsigned c = '0'; c <= '9'; ++c)
        table[c] = true;
    for (const char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
        table[static_cast<unsigned char>(c)] = true;
    return table;
}

constexpr std::array<bool, 256> tokenTable = makeTokenTable();

bool isTokenChar(char c)
{
    return tokenTable[static_cast<unsigned char>(c)];
}

bool isOws(char c)
{
    return c == ' ' || c == '\t';
}

} // namespace

bool isToken(QByteArrayView text)
{
    for (const char c : text) {
        if (!isTokenChar(c))
            return false;
    }
    return !text.isEmpty();
}

std::optional<FieldLine> splitFieldLine(QByteArrayView line)
{
    qsizetype colon = 0;
    while (colon < line.size() && isTokenChar(line[colon]))
        ++colon;
    if (colon == 0 || colon == line.size() || line[colon] != ':')
        return std::nullopt;
    return FieldLine{line.first(colon), trimmedOws(line.sliced(colon + 1))};
}

QByteArrayView trimmedOws(QByteArrayView text)
{
    while (!text.isEmpty() && isOws(text.front()))
        text = text.sliced(1);
    while (!text.isEmpty() && isOws(text.back()))
        text.chop(1);
    return text;
}

bool equalsIgnoringCase(QByteArrayView a, QByteArrayView b)
{
    return a.size() == b.size() && a.compare(b, Qt::CaseInsensitive) == 0;
}

QByteArrayView takeListElement(QByteArrayView &list)
{
    const qsizetype comma = list.indexOf(',');
    const QByteArrayView element = comma < 0 ? list : list.first(comma);
    list = comma < 0 ? QByteArrayView() : list.sliced(comma + 1);
    return trimmedOws(element);
}

} // namespace gatehouse
