// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QElapsedTimer>

#include <optional>

/// One blocking TCP connection to loopback, for tests that look at bytes. Every wait is bounded.
class RawClient
{
public:
    explicit RawClient(quint16 port, int receiveBuffer = 0);
    ~RawClient();
    Q_DISABLE_COPY_MOVE(RawClient)

    [[nodiscard]] bool isConnected() const { return m_descriptor >= 0; }
    bool send(QByteArrayView bytes);

    /// Appends what comes until `needle` has come; false at the end of the connection or after
    /// `milliseconds`.
    bool readUntil(QByteArrayView needle, int milliseconds = 10'000);
    bool readUntilClosed(int milliseconds = 10'000);
    [[nodiscard]] const QByteArray &received() const { return m_received; }

    void close();
    void reset(); ///< RST instead of FIN.

    static QByteArray post(QByteArrayView path, QByteArrayView json, QByteArrayView moreHeaders = {});

private:
    bool readSome(int milliseconds);

    int m_descriptor = -1;
    QByteArray m_received;
};
