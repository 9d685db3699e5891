// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/http_client.h"
#include "backends/wire/connection_slots.h"

#include <QNetworkAccessManager>

#include <vector>

namespace gatehouse {

/// HttpClient on QNetworkAccessManager. Used in the thread that made it; a reply that outlives it falls
/// silent.
///
/// A QNetworkAccessManager opens at most six connections to a host and makes further requests wait. For plain
/// http each request in flight takes a number, and the number goes into the name under which the manager
/// caches connections (`peerVerifyName`, which nothing else reads there): one connection a number, and a
/// number that follows another reuses its connection. For https that name is the one that the certificate
/// must carry, so there each six requests in flight get a manager of their own; a manager runs a thread, and
/// stays.
class QnamHttpClient final : public HttpClient
{
public:
    QnamHttpClient();
    ~QnamHttpClient() override;

    [[nodiscard]] UpstreamReplyPtr send(const UpstreamRequest &request) override;

private:
    [[nodiscard]] QNetworkAccessManager &manager(size_t index);

    ConnectionSlots m_slots;
    std::vector<std::unique_ptr<QNetworkAccessManager>> m_managers; ///< [0] carries all of plain http.
};

} // namespace gatehouse
