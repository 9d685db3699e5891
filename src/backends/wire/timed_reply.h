// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/http_client.h"
#include "backends/wire/upstream_deadline.h"

#include <QBasicTimer>

namespace gatehouse {

/// What every UpstreamReply owes whatever carries it: its deadlines, watched by one coarse timer, and the
/// bound of an answer that is not a stream.
class TimedReply : public UpstreamReply
{
    Q_OBJECT
public:
    /// The longest answer that is not a stream.
    static constexpr qint64 maxFoldedBytes = 64 * 1024 * 1024;

protected:
    explicit TimedReply(const UpstreamRequest &request);

    /// Ends the reply and tells why. Also called when time is up.
    virtual void fail(const Error &error) = 0;

    void noteConnected();
    void noteWritten(bool complete);
    /// False if that was too much.
    [[nodiscard]] bool noteReceived(qsizetype bytes);
    void notePaused() { m_deadline.paused(); }
    void noteResumed();
    void stopTimer();

    [[nodiscard]] bool isConnected() const { return m_connected; }
    [[nodiscard]] qint64 receivedBytes() const { return m_received; }
    /// Host and port, for the log.
    [[nodiscard]] const QString &target() const { return m_target; }

    void timerEvent(QTimerEvent *event) override;

private:
    void armTimer();

    UpstreamDeadline m_deadline;
    QBasicTimer m_timer;
    MonotonicTime m_timerDue = MonotonicTime::max();
    QString m_target;
    qint64 m_received = 0;
    bool m_streaming;
    bool m_connected = false;
    bool m_stopped = false;
};

} // namespace gatehouse
