// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace gatehouse {

/// A credential. It has no conversion to text and no stream operator, so that it can't slip into a log line,
/// an error or a printed configuration; whoever needs the bytes says so by reveal().
class Secret
{
public:
    Secret() = default;
    explicit Secret(QByteArray bytes)
        : m_bytes(std::move(bytes))
    {}

    [[nodiscard]] const QByteArray &reveal() const { return m_bytes; }
    [[nodiscard]] bool isEmpty() const { return m_bytes.isEmpty(); }

    /// Compares in a time that depends on the candidate's length only, never on where the first difference
    /// is.
    [[nodiscard]] bool matches(QByteArrayView candidate) const;

    friend bool operator==(const Secret &a, const Secret &b) { return a.matches(b.m_bytes); }

private:
    QByteArray m_bytes;
};

} // namespace gatehouse
