// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/doctor_finding.h"
#include "cli/doctor_protocol_trial.h"
#include "config/settings.h"

#include <QHostInfo>
#include <QObject>
#include <QSslSocket>
#include <QTimer>

#include <chrono>

namespace gatehouse {

/// Examines the way to an upstream: the name, the connection, and its encryption where the url says https.
/// Each step takes the route's connect timeout at most.
class DoctorReachCheck : public QObject
{
    Q_OBJECT
public:
    explicit DoctorReachCheck(const RouteSettings &route, QObject *parent = nullptr);
    ~DoctorReachCheck() override;

    void start();

Q_SIGNALS:
    void found(const gatehouse::Finding &finding);
    /// The end, after the last finding.
    void finished(bool isReachable);

private:
    void lookUp();
    void onLookedUp(const QHostInfo &info);
    void connectToServer();
    void onConnected();
    void onError(QAbstractSocket::SocketError error);
    void onEncrypted();
    void onPatienceLost();
    void tryPlainly(const QString &why);
    void fail(const Finding &finding);
    void finishLater(bool isReachable);

    const RouteSettings m_route;
    QSslSocket m_socket;
    DoctorProtocolTrial m_trial;
    QList<QSslError> m_distrust;
    QTimer m_patience;
    std::chrono::steady_clock::time_point m_began;
    int m_lookup = -1; ///< The one under way.
};

} // namespace gatehouse
