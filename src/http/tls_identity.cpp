// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/tls_identity.h"

#include "http/connection/descriptor.h"

#include <QFile>
#include <QSslCertificate>
#include <QSslKey>
#include <QSslSocket>

#include <sys/socket.h>

#include <array>

namespace gatehouse {

namespace {

constexpr qint64 largestFile = 1024 * 1024;

Result<QByteArray> readFile(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return Error{.code = ErrorCode::InvalidRequest,
                     .message = QStringLiteral("Cannot read %1: %2.").arg(path, file.errorString())};
    return file.read(largestFile);
}

QSslKey parseKey(const QByteArray &pem)
{
    for (const QSsl::KeyAlgorithm algorithm : {QSsl::Rsa, QSsl::Ec, QSsl::Dsa}) {
        if (QSslKey key(pem, algorithm); !key.isNull())
            return key;
    }
    return {};
}

/// Only the TLS library knows whether key and certificate belong together, and it says so when a server
/// begins a handshake: one is begun on a socket pair that nobody else knows.
bool isUsable(const QSslConfiguration &configuration)
{
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) != 0)
        return false;
    const Descriptor peer(pair[1]);
    QSslSocket socket;
    if (!socket.setSocketDescriptor(pair[0]))
        return false;
    socket.setSslConfiguration(configuration);
    socket.startServerEncryption();
    return socket.error() == QAbstractSocket::UnknownSocketError;
}

} // namespace

Result<TlsIdentity> readTlsIdentity(const ServerSettings &settings)
{
    if (!QSslSocket::supportsSsl())
        return Error{.message = QStringLiteral("Qt finds no TLS library.")};
    auto chain = readFile(settings.tlsCertificateFile);
    if (!chain)
        return chain.error();
    auto key = readFile(settings.tlsKeyFile);
    if (!key)
        return key.error();
    if (QSslCertificate::fromData(*chain).isEmpty())
        return Error{.code = ErrorCode::InvalidRequest,
                     .message = QStringLiteral("%1 holds no certificate.").arg(settings.tlsCertificateFile)};
    if (parseKey(*key).isNull())
        return Error{.code = ErrorCode::InvalidRequest,
                     .message = QStringLiteral("%1 holds no private key.").arg(settings.tlsKeyFile)};
    TlsIdentity identity{*std::move(chain), Secret(*std::move(key))};
    if (!isUsable(tlsConfiguration(identity)))
        return Error{.code = ErrorCode::InvalidRequest,
                     .message = QStringLiteral("The key in %1 does not belong to the certificate in %2.")
                                    .arg(settings.tlsKeyFile, settings.tlsCertificateFile)};
    return identity;
}

QSslConfiguration tlsConfiguration(const TlsIdentity &identity)
{
    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    configuration.setLocalCertificateChain(QSslCertificate::fromData(identity.certificateChain));
    configuration.setPrivateKey(parseKey(identity.key.reveal()));
    configuration.setProtocol(QSsl::TlsV1_2OrLater);
    configuration.setPeerVerifyMode(QSslSocket::VerifyNone);
    configuration.setAllowedNextProtocols({QSslConfiguration::NextProtocolHttp1_1});
    return configuration;
}

} // namespace gatehouse
