// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/cors.h"

namespace gatehouse {

Headers corsFields(const Request &request, const QStringList &origins)
{
    const auto origin = request.headers.value("origin");
    if (!origin || origins.isEmpty())
        return {};
    const bool anybody = origins.contains(QStringLiteral("*"));
    if (!anybody && !origins.contains(QString::fromLatin1(*origin), Qt::CaseInsensitive))
        return {{"Vary", "Origin"}};
    Headers fields{{"Access-Control-Allow-Origin", anybody ? QByteArray("*") : *origin},
                   {"Access-Control-Expose-Headers",
                    "x-request-id, retry-after, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, "
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
