// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/route_request.h"

#include <algorithm>

namespace gatehouse {

UpstreamRequest requestTo(const RouteSettings &route, QByteArrayView path)
{
    UpstreamRequest request;
    request.timeouts = route.timeouts;
    request.url = route.url.adjusted(QUrl::RemoveUserInfo | QUrl::RemoveFragment | QUrl::StripTrailingSlash);
    // "/" itself keeps its slash.
    QString base = request.url.path();
    while (base.endsWith(u'/'))
        base.chop(1);
    request.url.setPath(base + u'/' + QString::fromLatin1(path));
    for (const RouteHeader &header : route.headers)
        request.headers.emplaceBack(header.name, header.value.reveal());
    if (!route.apiKey.isEmpty()) {
        addHeader(request, "Authorization", "Bearer " + route.apiKey.reveal());
    } else if (!route.url.userName().isEmpty()) {
        const QByteArray pair = (route.url.userName() + u':' + route.url.password()).toUtf8();
        addHeader(request, "Authorization", "Basic " + pair.toBase64());
    }
    return request;
}

void addHeader(UpstreamRequest &request, const QByteArray &name, const QByteArray &value)
{
    const bool isThere =
        std::any_of(request.headers.begin(), request.headers.end(), [&name](const auto &header) {
            return header.first.compare(name, Qt::CaseInsensitive) == 0;
        });
    if (!isThere)
        request.headers.emplaceBack(name, value);
}

} // namespace gatehouse
