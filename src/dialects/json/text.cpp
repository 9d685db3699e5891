// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/json/text.h"

#include <array>
#include <cstring>

namespace gatehouse::json {

namespace {

constexpr char hexDigits[] = "0123456789abcdef";

/// True for the bytes that stand for themselves inside a JSON string.
constexpr std::array<bool, 256> plainBytes = [] {
    std::array<bool, 256> plain{};
    for (std::size_t byte = 0x20; byte < 0x80; ++byte)
        plain[byte] = byte != '"' && byte != '\\';
    return plain;
}();

uchar byteAt(const char *at)
{
    return static_cast<uchar>(*at);
}

bool isContinuation(const char *at)
{
    return (byteAt(at) & 0xc0) == 0x80;
}

/// How many bytes the well-formed UTF-8 sequence at `at` has (Unicode, table 3-7); 0 if there is none.
int sequenceLength(const char *at, const char *end)
{
    const uchar lead = byteAt(at);
    const qsizetype left = end - at;
    if (lead >= 0xc2 && lead <= 0xdf)
        return left >= 2 && isContinuation(at + 1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef && left >= 3 && isContinuation(at + 1) && isContinuation(at + 2)) {
        const uchar second = byteAt(at + 1);
        const bool overlong = lead == 0xe0 && second < 0xa0;
        const bool surrogate = lead == 0xed && second > 0x9f;
        return overlong || surrogate ? 0 : 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4 && left >= 4 && isContinuation(at + 1) && isContinuation(at + 2) &&
        isContinuation(at + 3)) {
        const uchar second = byteAt(at + 1);
        const bool overlong = lead == 0xf0 && second < 0x90;
        const bool beyondUnicode = lead == 0xf4 && second > 0x8f;
        return overlong || beyondUnicode ? 0 : 4;
    }
    return 0;
}

/// The escape of a line end that only Unicode knows; null for any other sequence.
const char *lineEndEscape(const char *at, int length)
{
    if (length == 2 && std::memcmp(at, "\xc2\x85", 2) == 0)
        return "\\u0085";
    if (length == 3 && std::memcmp(at, "\xe2\x80\xa8", 3) == 0)
        return "\\u2028";
    if (length == 3 && std::memcmp(at, "\xe2\x80\xa9", 3) == 0)
        return "\\u2029";
    return nullptr;
}

void appendEscape(QByteArray &out, uchar byte)
{
    switch (byte) {
    case '"':
        out += "\\\"";
        return;
    case '\\':
        out += "\\\\";
        return;
    case '\n':
        out += "\\n";
        return;
    case '\r':
        out += "\\r";
        return;
    case '\t':
        out += "\\t";
        return;
    default:
        out += "\\u00";
        out += hexDigits[byte >> 4];
        out += hexDigits[byte & 0xf];
    }
}

int hexValue(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    const char lower = static_cast<char>(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The code unit that four hexadecimal digits stand for; -1 if they are none.
int codeUnit(const char *at, const char *end)
{
    if (end - at < 4)
        return -1;
    int unit = 0;
    for (int i = 0; i < 4; ++i) {
        const int value = hexValue(at[i]);
        if (value < 0)
            return -1;
        unit = unit * 16 + value;
    }
    return unit;
}

bool isHighSurrogate(int unit)
{
    return (unit & 0xfc00) == 0xd800;
}
bool isLowSurrogate(int unit)
{
    return (unit & 0xfc00) == 0xdc00;
}

void appendUtf8(QByteArray &out, int codePoint)
{
    const auto put = [&out](int byte) {
        out += static_cast<char>(byte);
    };
    if (codePoint < 0x80) {
        put(codePoint);
    } else if (codePoint < 0x800) {
        put(0xc0 | (codePoint >> 6));
        put(0x80 | (codePoint & 0x3f));
    } else if (codePoint < 0x10000) {
        put(0xe0 | (codePoint >> 12));
        put(0x80 | ((codePoint >> 6) & 0x3f));
        put(0x80 | (codePoint & 0x3f));
    } else {
        put(0xf0 | (codePoint >> 18));
        put(0x80 | ((codePoint >> 12) & 0x3f));
        put(0x80 | ((codePoint >> 6) & 0x3f));
        put(0x80 | (codePoint & 0x3f));
    }
}

/// Reads the `uXXXX` at `at`, with the second half of a pair if there is one, and returns what follows.
const char *appendUnicodeEscape(QByteArray &out, const char *at, const char *end)
{
    constexpr int replacement = 0xfffd;
    const int unit = codeUnit(at + 1, end);
    at += 5;
    if (isHighSurrogate(unit) && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        const int low = codeUnit(at + 2, end);
        if (isLowSurrogate(low)) {
            appendUtf8(out, 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff));
            return at + 6;
        }
    }
    appendUtf8(out, isHighSurrogate(unit) || isLowSurrogate(unit) ? replacement : unit);
    return at;
}

char simpleEscape(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter; // A quotation mark, a slash or a backslash.
    }
}

const char *skipDigits(const char *at, const char *end)
{
    while (at != end && *at >= '0' && *at <= '9')
        ++at;
    return at;
}

} // namespace

void appendEscaped(QByteArray &out, QByteArrayView text)
{
    const char *const end = text.data() + text.size();
    const char *run = text.data(); // What may be copied as it is, up to `at`.
    const char *at = run;
    while (at != end) {
        if (plainBytes[byteAt(at)]) {
            ++at;
            continue;
        }
        const int length = byteAt(at) < 0x80 ? 1 : sequenceLength(at, end);
        const char *escape = lineEndEscape(at, length);
        if (length > 1 && !escape) {
            at += length;
            continue;
        }
        out.append(run, at - run);
        if (length == 1)
            appendEscape(out, byteAt(at));
        else
            out += escape ? escape : "\xef\xbf\xbd";
        at += qMax(1, length);
        run = at;
    }
    out.append(run, at - run);
}

bool hasValidEscapes(QByteArrayView inside)
{
    const char *at = inside.data();
    const char *const end = at + inside.size();
    while (at != end) {
        at = static_cast<const char *>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
        if (!at)
            return true;
        if (++at == end)
            return false;
        if (*at == 'u') {
            if (codeUnit(at + 1, end) < 0)
                return false;
            at += 5;
        } else {
            if (*at == '\0' || !std::strchr("\"\\/bfnrt", *at))
                return false;
            ++at;
        }
    }
    return true;
}

QByteArray unescaped(QByteArrayView inside)
{
    QByteArray out;
    out.reserve(inside.size());
    const char *at = inside.data();
    const char *const end = at + inside.size();
    while (at != end) {
        const void *found = std::memchr(at, '\\', static_cast<std::size_t>(end - at));
        const char *escape = found ? static_cast<const char *>(found) : end;
        out.append(at, escape - at);
        if (escape == end)
            break;
        at = escape + 1;
        if (*at == 'u')
            at = appendUnicodeEscape(out, at, end);
        else
            out += simpleEscape(*at++);
    }
    return out;
}

bool isNumber(QByteArrayView text)
{
    const char *at = text.data();
    const char *const end = at + text.size();
    if (at != end && *at == '-')
        ++at;
    const char *digits = at;
    at = skipDigits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return false;
    if (at != end && *at == '.') {
        digits = ++at;
        at = skipDigits(at, end);
        if (at == digits)
            return false;
    }
    if (at != end && (*at == 'e' || *at == 'E')) {
        ++at;
        if (at != end && (*at == '+' || *at == '-'))
            ++at;
        digits = at;
        at = skipDigits(at, end);
        if (at == digits)
            return false;
    }
    return at == end;
}

} // namespace gatehouse::json
