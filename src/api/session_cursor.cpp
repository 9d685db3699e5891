// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/session_cursor.h"

namespace gatehouse {

namespace {

constexpr auto cursorForm = QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals;

} // namespace

std::optional<SessionRepository::Before> readSessionCursor(RequestQuery &query, const char *name)
{
    const auto word = query.text(name, 1024);
    if (!word)
        return std::nullopt;
    const auto decoded =
        QByteArray::fromBase64Encoding(*word, cursorForm | QByteArray::AbortOnBase64DecodingErrors);
    const QByteArrayList parts = decoded.decoded.split('\n');
    bool isNumber = false;
    const qint64 time = parts.first().toLongLong(&isNumber);
    if (!decoded || parts.size() != 3 || !isNumber) {
        query.wrong(name);
        return std::nullopt;
    }
    return SessionRepository::Before{WallTime(std::chrono::milliseconds(time)), parts[1], parts[2]};
}

QByteArray sessionCursor(const SessionRecord &last)
{
    const QByteArray time = QByteArray::number(qint64(last.updatedAt.time_since_epoch().count()));
    return (time + '\n' + last.owner + '\n' + last.id).toBase64(cursorForm);
}

} // namespace gatehouse
