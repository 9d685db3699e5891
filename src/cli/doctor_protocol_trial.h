// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings.h"

#include <QObject>
#include <QSslSocket>
#include <QTimer>

namespace gatehouse {

/// Finds out whether an upstream's port speaks another protocol than its url says: TLS (whoever it belongs
/// to) under http, plain HTTP under https. Nothing secret is sent.
class DoctorProtocolTrial : public QObject
{
    Q_OBJECT
public:
    explicit DoctorProtocolTrial(const RouteSettings &route, QObject *parent = nullptr);

    void start();

Q_SIGNALS:
    /// Once, within the connect timeout, and after start() has returned.
    void finished(bool speaksTheOther);

private:
    void ask();
    void hear();
    void end(bool speaksTheOther);

    RouteSettings m_route;
    bool m_isTls; ///< What is tried.
    QSslSocket m_socket;
    QByteArray m_heard;
    QTimer m_patience;
    bool m_isOver = false;
};

} // namespace gatehouse
