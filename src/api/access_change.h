// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace gatehouse {

class Call;
class LaneContext;

/// Answers a change of keys or users once every lane goes by it.
void replyWhenKnown(Call &call, LaneContext &context, int status, const QByteArray &body);

/// `{"object":…,"id":…,"deleted":true}`
[[nodiscard]] QByteArray deletedBody(QByteArrayView object, QByteArrayView id);

} // namespace gatehouse
