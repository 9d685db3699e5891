// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/route_request.h"

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
    if (!route.apiKey.isEmpty()) {
        request.headers.emplaceBack("Authorization", "Bearer " + route.apiKey.reveal());
    } else if (!route.url.userName().isEmpty()) {
        const QByteArray pair = (route.url.userName() + u':' + route.url.password()).toUtf8();
        request.headers.emplaceBack("Authorization", "Basic " + pair.toBase64());
    }
    return request;
}

} // namespace gatehouse
