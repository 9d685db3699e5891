// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/signal_source.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace gatehouse {

namespace {

int openDescriptor()
{
    sigset_t watched;
    sigemptyset(&watched);
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&watched, number);
    pthread_sigmask(SIG_BLOCK, &watched, nullptr);
    // A client that has gone must be a failed write, never the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
}

} // namespace

SignalSource::SignalSource()
    : m_descriptor(openDescriptor())
    , m_notifier(m_descriptor, QSocketNotifier::Read)
{
    connect(&m_notifier, &QSocketNotifier::activated, this, &SignalSource::read);
}

SignalSource::~SignalSource()
{
    m_notifier.setEnabled(false);
    close(m_descriptor);
}

void SignalSource::read()
{
    signalfd_siginfo info{};
    while (::read(m_descriptor, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP)
            Q_EMIT reload();
        else
            Q_EMIT terminate();
    }
}

} // namespace gatehouse
