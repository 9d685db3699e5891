// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/service_manager.h"

#include <systemd/sd-daemon.h>

#include <ctime>

namespace gatehouse::service_manager {

void ready(const QUrl &url)
{
    sd_notifyf(0, "READY=1\nSTATUS=Serving on %s", url.toString().toUtf8().constData());
}

void reloading()
{
    // Type=notify-reload wants the time of the reload, so that it can tell the READY=1 after it from an older
    // one.
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const qint64 microseconds = qint64(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", static_cast<long long>(microseconds));
}

void stopping()
{
    sd_notify(0, "STOPPING=1\nSTATUS=Finishing running answers");
}

} // namespace gatehouse::service_manager
