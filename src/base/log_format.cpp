// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log_format.h"

#include <QLocale>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace gatehouse {

namespace {

constexpr qsizetype maxTextBytes = 2048;
constexpr char replacement[] = "\xef\xbf\xbd"; // U+FFFD
constexpr char ellipsis[] = "\xe2\x80\xa6";    // U+2026

template <typename... Visitors>
struct Overloaded : Visitors...
{
    using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

bool isContinuation(char c)
{
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// The length of the UTF-8 sequence that the text begins with; 0 where it is not a valid one (RFC 3629: no
// overlong forms, no surrogates, nothing past U+10FFFF).
qsizetype utf8Length(QByteArrayView text)
{
    const auto first = static_cast<unsigned char>(text[0]);
    const qsizetype length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
    if (length <= 1 || text.size() < length)
        return text.size() < length ? 0 : length;
    if (!std::all_of(text.begin() + 1, text.begin() + length, isContinuation))
        return 0;
    const auto second = static_cast<unsigned char>(text[1]);
    const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool surrogate = first == 0xed && second >= 0xa0;
    const bool tooLarge = first == 0xf4 && second >= 0x90;
    return overlong || surrogate || tooLarge ? 0 : length;
}

// One ASCII character, as a JSON string holds it.
void appendAscii(QByteArray &out, char c)
{
    switch (c) {
    case '"':
        out.append("\\\"");
        return;
    case '\\':
        out.append("\\\\");
        return;
    case '\n':
        out.append("\\n");
        return;
    case '\r':
        out.append("\\r");
        return;
    case '\t':
        out.append("\\t");
        return;
    default:
        break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
        out.append(c);
        return;
    }
    static constexpr char digits[] = "0123456789abcdef";
    out.append("\\u00").append(digits[byte >> 4]).append(digits[byte & 0xf]);
}

void appendEscaped(QByteArray &out, QByteArrayView text)
{
    const bool isCut = text.size() > maxTextBytes;
    if (isCut) {
        text = text.first(maxTextBytes);
        while (!text.isEmpty() && isContinuation(text.back())) // Not in the middle of a character.
            text.chop(1);
        if (!text.isEmpty() && static_cast<unsigned char>(text.back()) >= 0xc0)
            text.chop(1);
    }
    while (!text.isEmpty()) {
        const qsizetype length = utf8Length(text);
        if (length == 1)
            appendAscii(out, text.front());
        else if (length == 0)
            out.append(replacement);
        else if (length == 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0)
            out.append(replacement); // C1 controls, which some terminals obey.
        else
            out.append(text.first(length));
        text = text.sliced(std::max<qsizetype>(length, 1));
    }
    if (isCut)
        out.append(ellipsis);
}

void appendQuoted(QByteArray &out, QByteArrayView text)
{
    out.append('"');
    appendEscaped(out, text);
    out.append('"');
}

void appendBare(QByteArray &out, QByteArrayView text)
{
    const auto isPlain = [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
    };
    if (!text.isEmpty() && text.size() <= maxTextBytes && std::all_of(text.begin(), text.end(), isPlain))
        out.append(text);
    else
        appendQuoted(out, text);
}

void appendValue(QByteArray &out, const LogField &field, void (*appendText)(QByteArray &, QByteArrayView))
{
    std::visit(Overloaded{[&out](qint64 number) { out.append(QByteArray::number(number)); },
                          [&out](double number) {
                              if (std::isfinite(number))
                                  out.append(QByteArray::number(number, 'g', QLocale::FloatingPointShortest));
                              else
                                  out.append("null");
                          },
                          [&out](bool flag) { out.append(flag ? "true" : "false"); },
                          [&out, appendText](const QByteArray &text) {
                              appendText(out, text);
                          }},
               field.value);
}

void appendTime(QByteArray &out, WallTime time)
{
    using namespace std::chrono;
    const sys_days date = floor<days>(time);
    const year_month_day ymd(date);
    const hh_mm_ss clock(time - date);
    std::array<char, 40> text;
    const int length = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(ymd.year()),
        static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    out.append(text.data(), length);
}

void appendJson(QByteArray &out, const LogLine &line)
{
    out.append("{\"ts\":\"");
    appendTime(out, line.time);
    out.append("\",\"level\":\"").append(logLevelName(line.level)).append("\",\"event\":");
    appendQuoted(out, line.event);
    for (const LogField &field : line.fields) {
        out.append(',');
        appendQuoted(out, field.name);
        out.append(':');
        appendValue(out, field, appendQuoted);
    }
    out.append("}\n");
}

struct LevelLook
{
    const char *word; // Padded to one width.
    const char *colour;
};

LevelLook lookOf(LogLevel level)
{
    switch (level) {
    case LogLevel::Debug:
        return {"DEBUG ", "\x1b[2m"};
    case LogLevel::Info:
        return {"INFO  ", "\x1b[32m"};
    case LogLevel::Warning:
        return {"WARN  ", "\x1b[33m"};
    case LogLevel::Error:
        return {"ERROR ", "\x1b[31m"};
    }
    Q_UNREACHABLE();
}

void appendText(QByteArray &out, const LogLine &line, bool coloured)
{
    const LevelLook look = lookOf(line.level);
    appendTime(out, line.time);
    out.append(' ').append(coloured ? look.colour : "").append(look.word).append(coloured ? "\x1b[0m" : "");
    appendEscaped(out, line.event);
    for (const LogField &field : line.fields) {
        out.append(coloured ? " \x1b[2m" : " ");
        appendEscaped(out, field.name);
        out.append(coloured ? "=\x1b[0m" : "=");
        appendValue(out, field, appendBare);
    }
    out.append('\n');
}

} // namespace

void appendLogLine(QByteArray &out, LogFormat format, const LogLine &line)
{
    if (format == LogFormat::Json)
        appendJson(out, line);
    else
        appendText(out, line, format == LogFormat::ColouredText);
}

const char *logLevelName(LogLevel level)
{
    switch (level) {
    case LogLevel::Debug:
        return "debug";
    case LogLevel::Info:
        return "info";
    case LogLevel::Warning:
        return "warning";
    case LogLevel::Error:
        return "error";
    }
    Q_UNREACHABLE();
}

} // namespace gatehouse
