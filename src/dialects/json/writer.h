// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace gatehouse::json {

/// Appends compact JSON to a byte array, which must outlive it. Commas are its business, balance is the
/// caller's.
class Writer
{
public:
    explicit Writer(QByteArray &out)
        : m_out(out)
    {}

    Writer &beginObject() { return open('{'); }
    Writer &endObject() { return close('}'); }
    Writer &beginArray() { return open('['); }
    Writer &endArray() { return close(']'); }

    /// The name of the member whose value is written next.
    Writer &key(QByteArrayView name);

    Writer &string(QByteArrayView text);
    Writer &integer(qint64 value);
    Writer &number(double value); ///< The shortest text that reads back the same; null unless finite.
    Writer &boolean(bool value) { return raw(value ? "true" : "false"); }
    Writer &null() { return raw("null"); }
    /// JSON text as it is.
    Writer &raw(QByteArrayView json);

private:
    Writer &open(char bracket);
    Writer &close(char bracket);
    void separate();

    QByteArray &m_out;
    bool m_comma = false; ///< A value was written at this level.
};

} // namespace gatehouse::json
