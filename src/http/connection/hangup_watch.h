// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QBasicTimer>
#include <QObject>

namespace gatehouse {

/// Notices that a peer has left although nobody reads from it. A socket whose input is left standing has its
/// read notifier off, and a FIN behind unread bytes is then not seen; so while that lasts, the connection's
/// state is looked at 40 times a second. Only a client that pipelines more than the door buffers pays for it.
class HangupWatch : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    void start(int descriptor);
    void stop() { m_timer.stop(); }

Q_SIGNALS:
    void hungUp();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    QBasicTimer m_timer;
    int m_descriptor = -1;
};

} // namespace gatehouse
