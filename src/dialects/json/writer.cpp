// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/json/writer.h"

#include "dialects/json/text.h"

#include <charconv>
#include <cmath>

namespace gatehouse::json {

Writer &Writer::key(QByteArrayView name)
{
    string(name);
    m_out += ':';
    m_comma = false;
    return *this;
}

Writer &Writer::string(QByteArrayView text)
{
    separate();
    m_out += '"';
    appendEscaped(m_out, text);
    m_out += '"';
    return *this;
}

Writer &Writer::integer(qint64 value)
{
    char digits[24];
    const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), value);
    return raw({digits, end});
}

Writer &Writer::number(double value)
{
    if (!std::isfinite(value))
        return null();
    char digits[32]; // The shortest form of a double never needs more than 24 characters.
    const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), value);
    return raw({digits, end});
}

Writer &Writer::raw(QByteArrayView json)
{
    separate();
    m_out.append(json.data(), json.size());
    return *this;
}

Writer &Writer::open(char bracket)
{
    separate();
    m_out += bracket;
    m_comma = false;
    return *this;
}

Writer &Writer::close(char bracket)
{
    m_out += bracket;
    m_comma = true;
    return *this;
}

void Writer::separate()
{
    if (m_comma)
        m_out += ',';
    m_comma = true;
}

} // namespace gatehouse::json
