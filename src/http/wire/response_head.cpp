// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/wire/response_head.h"

#include "http/wire/field_syntax.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace gatehouse {

namespace {

constexpr qsizetype usualHeadBytes = 512;

struct Phrase
{
    int status;
    QByteArrayView text;
};

// RFC 9110 §15, and the three of other documents that are in use here. Sorted by status.
constexpr Phrase phrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {424, "Failed Dependency"}, // RFC 4918
    {426, "Upgrade Required"},
    {428, "Precondition Required"},           // RFC 6585
    {429, "Too Many Requests"},               // RFC 6585
    {431, "Request Header Fields Too Large"}, // RFC 6585
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

bool wouldEndLine(char c)
{
    return c == '\r' || c == '\n' || c == '\0';
}

} // namespace

QByteArrayView reasonPhrase(int status)
{
    const auto found = std::find_if(std::begin(phrases), std::end(phrases),
                                    [status](const Phrase &phrase) { return phrase.status == status; });
    return found == std::end(phrases) ? QByteArrayView() : found->text;
}

ResponseHeadWriter::ResponseHeadWriter(int status)
{
    Q_ASSERT(status >= 100 && status <= 999);
    m_out.reserve(usualHeadBytes);
    // The space after the status stays where no phrase follows (RFC 9112 §4).
    m_out.append("HTTP/1.1 ").append(QByteArray::number(status)).append(' ');
    m_out.append(reasonPhrase(status)).append("\r\n");
}

ResponseHeadWriter &ResponseHeadWriter::add(QByteArrayView name, QByteArrayView value)
{
    if (!isToken(name))
        return *this;
    m_out.append(name).append(": ");
    const qsizetype start = m_out.size();
    m_out.append(value);
    std::replace_if(m_out.begin() + start, m_out.end(), wouldEndLine, ' ');
    m_out.append("\r\n");
    return *this;
}

ResponseHeadWriter &ResponseHeadWriter::add(QByteArrayView name, qint64 value)
{
    return add(name, QByteArray::number(value));
}

ResponseHeadWriter &ResponseHeadWriter::add(const Headers &headers)
{
    for (const Header &field : headers.all())
        add(field.name, field.value);
    return *this;
}

QByteArray ResponseHeadWriter::finish() &&
{
    m_out.append("\r\n");
    return std::move(m_out);
}

void appendChunk(QByteArray &out, QByteArrayView data)
{
    if (data.isEmpty())
        return;
    std::array<char, 20> size;
    const int length =
        std::snprintf(size.data(), size.size(), "%llx\r\n", static_cast<unsigned long long>(data.size()));
    out.append(size.data(), length).append(data).append("\r\n");
}

const QByteArray &DateField::at(WallTime now)
{
    using namespace std::chrono;
    const sys_seconds second = floor<seconds>(now);
    if (second == m_second)
        return m_value;
    m_second = second;
    static constexpr const char *days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char *months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sys_days date = floor<std::chrono::days>(second);
    const year_month_day ymd(date);
    const hh_mm_ss time(second - date);
    m_value =
        QByteArray(days[weekday(date).c_encoding()]) + ", " +
        QString::asprintf("%02u %s %04d %02d:%02d:%02d GMT", static_cast<unsigned>(ymd.day()),
                          months[static_cast<unsigned>(ymd.month()) - 1], static_cast<int>(ymd.year()),
                          static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                          static_cast<int>(time.seconds().count()))
            .toLatin1();
    return m_value;
}

} // namespace gatehouse
