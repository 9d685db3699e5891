// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

#include <optional>

namespace gatehouse {

/// One header field. Names compare without regard to case (RFC 9110 §5.1).
struct Header
{
    QByteArray name;
    QByteArray value;
    friend bool operator==(const Header &, const Header &) = default;
};

/// Header fields in the order they came; a name may occur more than once.
class Headers
{
public:
    Headers() = default;
    Headers(std::initializer_list<Header> fields)
        : m_fields(fields)
    {}

    void add(QByteArray name, QByteArray value) { m_fields.append({std::move(name), std::move(value)}); }
    void append(const Headers &more) { m_fields.append(more.m_fields); }
    void remove(QByteArrayView name);
    void reserve(qsizetype count) { m_fields.reserve(count); }

    /// The first value of that name; unset where the name does not occur.
    [[nodiscard]] std::optional<QByteArray> value(QByteArrayView name) const;
    [[nodiscard]] bool contains(QByteArrayView name) const { return value(name).has_value(); }
    [[nodiscard]] QList<QByteArray> values(QByteArrayView name) const;

    [[nodiscard]] const QList<Header> &all() const { return m_fields; }
    [[nodiscard]] qsizetype size() const { return m_fields.size(); }

    friend bool operator==(const Headers &, const Headers &) = default;

private:
    QList<Header> m_fields;
};

} // namespace gatehouse
