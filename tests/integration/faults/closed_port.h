// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

/// A port of loopback where connections are refused, and that nobody else gets.
class ClosedPort
{
public:
    ClosedPort();
    ~ClosedPort();
    Q_DISABLE_COPY_MOVE(ClosedPort)

    [[nodiscard]] quint16 number() const { return m_number; }

private:
    int m_descriptor;
    quint16 m_number = 0;
};
