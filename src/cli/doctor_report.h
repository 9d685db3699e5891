// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/doctor_finding.h"
#include "config/settings.h"

#include <QTextStream>

namespace gatehouse {

/// Prints what the doctor finds: a block a route, a line a finding, each as soon as it is known. Whatever
/// upstreams said comes out as printable text on one line, and with no credential of the route in it.
class DoctorReport
{
public:
    /// The stream outlives it.
    explicit DoctorReport(QTextStream &out)
        : m_out(out)
    {}

    void begin(const RouteSettings &route);
    void add(const Finding &finding);
    /// The verdict on the route.
    void end();

    /// No route serves `model.default`.
    void addUnserved(const QString &defaultModel);
    void sumUp();

    [[nodiscard]] bool isEverythingUsable() const { return m_usable == m_routes && m_routes > 0; }

private:
    [[nodiscard]] QString shown(QString text) const;

    QTextStream &m_out;
    QStringList m_secrets; ///< Of the route.
    Finding::Grade m_worst = Finding::Grade::Ok;
    int m_routes = 0;
    int m_usable = 0;
};

} // namespace gatehouse
