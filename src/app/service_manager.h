// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QUrl>

namespace gatehouse {

/// Tells systemd how the service is (sd_notify(3)). Without a service manager all of this does nothing.
namespace service_manager {

void ready(const QUrl &url);
void reloading();
void stopping();

} // namespace service_manager
} // namespace gatehouse
