// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QSocketNotifier>

namespace gatehouse {

/// The process's signals as events of the main loop (signalfd(2)): nothing runs in a signal handler. Made
/// before any thread is started, because threads inherit the mask that keeps these signals from being
/// delivered elsewhere.
class SignalSource : public QObject
{
    Q_OBJECT
public:
    SignalSource();
    ~SignalSource() override;

Q_SIGNALS:
    void terminate(); ///< SIGTERM or SIGINT.
    void reload();    ///< SIGHUP.

private:
    void read();

    int m_descriptor;
    QSocketNotifier m_notifier;
};

} // namespace gatehouse
