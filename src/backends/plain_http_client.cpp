// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/plain_http_client.h"

#include "backends/wire/plain_reply.h"
#include "backends/wire/request_head.h"

namespace gatehouse {

PlainHttpClient::PlainHttpClient(std::unique_ptr<HttpClient> forHttps)
    : m_forHttps(std::move(forHttps))
{}

UpstreamReplyPtr PlainHttpClient::send(const UpstreamRequest &request)
{
    if (request.url.scheme() != QLatin1String("http") || !isSendable(request))
        return m_forHttps->send(request); // Which also refuses what can't be sent.
    return UpstreamReplyPtr(new PlainReply(request, m_pool));
}

} // namespace gatehouse
