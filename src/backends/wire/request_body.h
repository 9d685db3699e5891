// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QIODevice>

namespace gatehouse {

/// The bytes of one request, for QNetworkAccessManager, which rewinds its upload device and sends the whole
/// request again, up to three times, whenever an upstream closes the connection without an answer (Qt 6.4
/// to 6.8, qhttpnetworkconnectionchannel.cpp). A chat request costs minutes of computing: it must not be
/// asked twice behind everybody's back. So the device refuses to be rewound, with one exception: on a
/// connection that was used before, the close may have been the upstream's idle timeout crossing our request,
/// and then sending it once more is right (RFC 9112, 9.3.1).
class RequestBody final : public QIODevice
{
    Q_OBJECT
public:
    explicit RequestBody(QByteArray bytes, QObject *parent = nullptr);

    /// A connection was opened for this request: what fails from now on is the upstream's doing.
    void markFreshConnection() { m_rewinds = 0; }

    bool isSequential() const override { return false; }
    qint64 size() const override { return m_bytes.size(); }
    bool seek(qint64 position) override;
    bool reset() override;

protected:
    qint64 readData(char *data, qint64 maxSize) override;
    qint64 writeData(const char *data, qint64 maxSize) override;

private:
    QByteArray m_bytes;
    int m_rewinds = 1; ///< How often reset() may still be granted.
};

} // namespace gatehouse
