// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/cors.h"

namespace gatehouse {

namespace {

bool isListed(const QByteArray &origin, const QStringList &origins)
{
    return origins.contains(QStringLiteral("*")) ||
           origins.contains(QString::fromLatin1(origin), Qt::CaseInsensitive);
}

/// The origin of pages that were loaded from here. Browsers leave the scheme's own port out of both fields.
QByteArray ownOrigin(const Request &request)
{
    const QByteArray host = request.headers.value("host").value_or(QByteArray());
    return (request.peer.encrypted ? "https://" : "http://") + host;
}

} // namespace

bool isAllowedOrigin(const Request &request, const QStringList &origins)
{
    const QList<QByteArray> shown = request.headers.values("origin");
    if (shown.isEmpty())
        return true;
    return shown.size() == 1 && (isListed(shown.front(), origins) ||
                                 shown.front().compare(ownOrigin(request), Qt::CaseInsensitive) == 0);
}

Headers corsFields(const Request &request, const QStringList &origins)
{
    const auto origin = request.headers.value("origin");
    if (!origin || origins.isEmpty())
        return {};
    const bool anybody = origins.contains(QStringLiteral("*"));
    if (!isListed(*origin, origins))
        return {{"Vary", "Origin"}};
    Headers fields{{"Access-Control-Allow-Origin", anybody ? QByteArray("*") : *origin},
                   {"Access-Control-Expose-Headers",
                    "x-request-id, retry-after, x-cache, x-queue-position, content-disposition, "
                    "x-ratelimit-limit-requests, x-ratelimit-remaining-requests, "
                    "x-ratelimit-reset-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, "
                    "x-ratelimit-reset-tokens"}};
    if (!anybody) {
        fields.add("Access-Control-Allow-Credentials", "true");
        fields.add("Vary", "Origin");
    }
    return fields;
}

Headers preflightFields(const Request &request, const QByteArray &methods)
{
    Headers fields{{"Access-Control-Allow-Methods", methods}, {"Access-Control-Max-Age", "600"}};
    if (const auto wanted = request.headers.value("access-control-request-headers"))
        fields.add("Access-Control-Allow-Headers", *wanted);
    return fields;
}

} // namespace gatehouse
