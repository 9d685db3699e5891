// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QHash>
#include <QMap>

#include <optional>

namespace gatehouse {

/// Reads Prometheus's text format 0.0.4 as strictly as its description has it, and keeps what it says.
class ExpositionReader
{
public:
    explicit ExpositionReader(const QByteArray &text) { read(text); }

    /// What is wrong with the text; empty: nothing.
    [[nodiscard]] QByteArray complaint() const { return m_complaint; }
    /// By `name{label="value",…}` with the labels in alphabetical order.
    [[nodiscard]] std::optional<double> value(const QByteArray &series) const
    {
        const auto found = m_values.find(series);
        return found == m_values.end() ? std::nullopt : std::optional(*found);
    }
    [[nodiscard]] QByteArray typeOf(const QByteArray &family) const { return m_types.value(family); }
    [[nodiscard]] const QMap<QByteArray, double> &values() const { return m_values; }

private:
    void read(const QByteArray &text);
    void readComment(const QByteArray &line);
    void readSample(const QByteArray &line);
    void checkHistograms();
    void complain(const QByteArray &what, const QByteArray &line)
    {
        if (m_complaint.isEmpty())
            m_complaint = what + ": " + line;
    }

    QByteArray m_family; ///< The one whose samples come now.
    QHash<QByteArray, QByteArray> m_types;
    QMap<QByteArray, double> m_values;
    QList<QByteArray> m_order; ///< Series as they came.
    QByteArray m_complaint;
};

} // namespace gatehouse
