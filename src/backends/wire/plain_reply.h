// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/wire/connection_pool.h"
#include "backends/wire/response_parser.h"
#include "backends/wire/timed_reply.h"

#include <QPointer>

namespace gatehouse {

/// An answer that comes over a plain TCP connection, from the pool or freshly opened.
class PlainReply final : public TimedReply
{
    Q_OBJECT
public:
    /// What a reply holds in memory while it is paused.
    static constexpr qint64 readBufferSize = 256 * 1024;

    /// The pool may end before the reply does.
    PlainReply(const UpstreamRequest &request, ConnectionPool &pool);
    ~PlainReply() override;

    void pause() override;
    void resume() override;
    void cancel() override;
    [[nodiscard]] int status() const override { return m_parser.status(); }
    [[nodiscard]] QByteArray header(const QByteArray &name) const override;

protected:
    void fail(const Error &error) override;

private:
    void use(SocketPtr socket);
    void openConnection();
    void sendRequest();
    void onConnected();
    void onBytesWritten();
    void onDisconnected();
    void read();
    void goOn();
    void take(const QByteArray &bytes);
    void endOfConnection();
    void complete();
    void releaseConnection(bool atEnd);
    [[nodiscard]] bool mayTryAgain() const;

    QPointer<ConnectionPool> m_pool;
    SocketPtr m_socket;
    ResponseParser m_parser;
    QString m_host;
    QByteArray m_origin;
    QByteArray m_request; ///< Kept until the answer begins: it may have to be sent once more.
    quint16 m_port;
    bool m_reused = false;      ///< The connection carried a request before.
    bool m_sentBefore = false;  ///< An earlier connection took the request, and closed.
    MonotonicTime m_wrote = {}; ///< When the upstream last took some of it.
    bool m_open = false;        ///< The connection stands, or did.
    bool m_paused = false;
    bool m_complete = false; ///< All was read; finished() may be waiting for resume().
    bool m_over = false;     ///< No signal follows.
    bool m_starting = true;  ///< The constructor runs: nobody listens to signals yet.
};

} // namespace gatehouse
