// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/doctor_finding.h"
#include "config/settings.h"

#include <QAbstractSocket>
#include <QHostInfo>
#include <QSslCertificate>
#include <QSslError>

namespace gatehouse {

// What the doctor says of the way to an upstream. Pure.

/// `host:port` of an upstream, with the scheme's own port where the url has none.
[[nodiscard]] QString targetOf(const RouteSettings &route);
[[nodiscard]] quint16 portOf(const RouteSettings &route);

/// \param problem NoError: no answer in time.
[[nodiscard]] Finding nameNotFound(const RouteSettings &route, QHostInfo::HostInfoError problem);

/// \param problem SocketTimeoutError: no answer in time.
/// \param words the socket's own.
[[nodiscard]] Finding notConnected(const RouteSettings &route, QAbstractSocket::SocketError problem,
                                   const QString &words);

/// The connection stands and the server doesn't speak TLS on it.
/// \param speaksPlainly it was seen to speak HTTP without.
[[nodiscard]] Finding notEncrypted(const RouteSettings &route, bool speaksPlainly, const QString &words);

/// What is wrong with the certificate; `errors` has one at least.
[[nodiscard]] Finding notTrusted(const RouteSettings &route, const QList<QSslError> &errors,
                                 const QSslCertificate &certificate);

/// An encrypted connection that stands; warns of a certificate that is about to expire.
[[nodiscard]] Finding encrypted(const QSslCertificate &certificate, const QString &protocol,
                                const QDateTime &now);

} // namespace gatehouse
