// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

namespace gatehouse {

/// Cuts a stream of text at the first occurrence of any stop string. No byte that might belong to a stop
/// string is let through before it is certain that it does not.
class StopMatcher
{
public:
    /// Empty strings are left out: they would stop every answer before its first byte.
    explicit StopMatcher(const QList<QByteArray> &stops);

    /// The text that is certain by now; once matched() it is the last, and ends right before the stop string.
    [[nodiscard]] QByteArray push(QByteArrayView text);

    /// The end without a match: the text that was held back. Empty once matched().
    [[nodiscard]] QByteArray finish();

    [[nodiscard]] bool matched() const { return m_matched; }

private:
    [[nodiscard]] qsizetype firstMatch() const;
    [[nodiscard]] qsizetype heldLength() const;

    QList<QByteArray> m_stops;
    QByteArray m_pending;
    bool m_matched = false;
};

} // namespace gatehouse
