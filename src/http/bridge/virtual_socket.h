// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTcpSocket>

namespace gatehouse {

/// A QTcpSocket without a descriptor: QHttpServer reads from it what the door puts in, and what QHttpServer
/// writes goes nowhere, for answers take their own way out.
class VirtualSocket final : public QTcpSocket
{
    Q_OBJECT
public:
    explicit VirtualSocket(QObject *parent = nullptr);

    /// Lets the reader have `bytes`; returns when it has done what it does at readyRead().
    void receive(const QByteArray &bytes);

    [[nodiscard]] bool isSequential() const override { return true; }
    [[nodiscard]] qint64 bytesAvailable() const override;
    [[nodiscard]] qint64 bytesToWrite() const override { return 0; }
    void close() override {}
    void disconnectFromHost() override {}

protected:
    qint64 readData(char *data, qint64 maxSize) override;
    qint64 writeData(const char *data, qint64 size) override;

private:
    QByteArray m_incoming;
    qsizetype m_offset = 0;
};

} // namespace gatehouse
