// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/wire/connection_slots.h"
#include "backends/wire/request_body.h"
#include "backends/wire/timed_reply.h"

#include <QNetworkReply>
#include <QPointer>

namespace gatehouse {

/// An answer that comes through QNetworkAccessManager.
class QnamReply final : public TimedReply
{
    Q_OBJECT
public:
    /// About what a reply holds in memory while it is paused, and what arrives between two turns of the event
    /// loop.
    static constexpr qint64 readBufferSize = 256 * 1024;

    /// Takes over `reply`, whose request body (null: none) is `body`, a child of it. `slot` is held until the
    /// connection is free again.
    QnamReply(const UpstreamRequest &request, QNetworkReply *reply, RequestBody *body,
              ConnectionSlots::Lease slot);
    ~QnamReply() override;

    void pause() override;
    void resume() override;
    void cancel() override;
    [[nodiscard]] int status() const override { return m_status; }
    [[nodiscard]] QByteArray header(const QByteArray &name) const override;

protected:
    void fail(const Error &error) override;

private:
    void connectReply(RequestBody *body);
    void onRequestSent();
    void onUploadProgress(qint64 sent, qint64 size);
    void onHead();
    void onFinished();
    void drain();
    void deliver();
    void end();
    [[nodiscard]] bool isAnswered() const;
    [[nodiscard]] bool isCutShort() const;
    [[nodiscard]] Error transportError() const;

    QPointer<QNetworkReply> m_reply; ///< Its manager may end before this does.
    ConnectionSlots::Lease m_slot;
    int m_status = 0;
    bool m_hasBody;
    bool m_paused = false;
    bool m_finished = false; ///< The network is done; bytes may be waiting for resume().
    bool m_over = false;     ///< No signal follows.
};

} // namespace gatehouse
