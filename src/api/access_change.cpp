// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/access_change.h"

#include "api/call.h"
#include "api/lane_context.h"
#include "dialects/json/writer.h"

namespace gatehouse {

void replyWhenKnown(Call &call, LaneContext &context, int status, const QByteArray &body)
{
    context.access().refresh(&call, [&call, status, body](const Result<void> &refreshed) {
        refreshed ? call.replyJson(body, status) : call.fail(refreshed.error());
    });
}

QByteArray deletedBody(QByteArrayView object, QByteArrayView id)
{
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject().key("object").string(object).key("id").string(id);
    writer.key("deleted").boolean(true).endObject();
    return body;
}

} // namespace gatehouse
