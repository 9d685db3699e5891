// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/json_body.h"

#include "dialects/openai/field_reader.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QTimeZone>

#include <algorithm>

namespace gatehouse {

Result<JsonBody> JsonBody::parse(const QByteArray &bytes, std::initializer_list<const char *> known)
{
    if (bytes.isEmpty())
        return JsonBody(nullptr);
    auto document = std::make_unique<json::Document>();
    constexpr json::Limits limits{.bytes = 256 * 1024, .values = 16 * 1024, .depth = 4};
    if (document->parse(bytes, limits) != json::Document::Status::Valid || !document->root().isObject())
        return openai::invalidField(
            {},
            QCoreApplication::translate("JsonBody", "The body must be one JSON object, of at most 256 KiB."),
            "invalid_json");
    for (const json::Value member : document->root()) {
        const bool isKnown = std::any_of(known.begin(), known.end(),
                                         [&member](const char *name) { return member.isNamed(name); });
        if (!isKnown)
            return openai::invalidField(
                member.name().left(64),
                QCoreApplication::translate("JsonBody", "There is no field '%1' here.")
                    .arg(QString::fromUtf8(member.name().left(64))),
                "unknown_parameter");
    }
    return JsonBody(std::move(document));
}

json::Value JsonBody::find(const char *name) const
{
    return m_document ? m_document->root().find(name) : json::Value();
}

Result<QString> JsonBody::text(const char *name, int longest) const
{
    QByteArray text;
    if (const auto read = openai::readString(find(name), name, text); !read)
        return read.error();
    if (text.isEmpty())
        return openai::missingField(name);
    if (text.size() > longest)
        return openai::tooLong(name, longest);
    return QString::fromUtf8(text);
}

QByteArray rfc3339(WallTime time)
{
    return QDateTime::fromMSecsSinceEpoch(time.time_since_epoch().count(), Qt::UTC)
        .toString(Qt::ISODateWithMs)
        .toLatin1();
}

std::optional<WallTime> parseTime(const QByteArray &text)
{
    bool isSeconds = false;
    const qint64 seconds = text.toLongLong(&isSeconds);
    constexpr qint64 latest = 253'402'300'799; // The end of the year 9999.
    if (isSeconds)
        return seconds >= 0 && seconds <= latest
                   ? std::optional(WallTime(std::chrono::milliseconds(seconds * 1000)))
                   : std::nullopt;
    const QString words = QString::fromLatin1(text);
    QDateTime time = QDateTime::fromString(words, Qt::ISODateWithMs);
    if (time.timeSpec() == Qt::LocalTime) // Without a zone, UTC is meant.
        time.setTimeSpec(Qt::UTC);
    if (!time.isValid() || time.toMSecsSinceEpoch() < 0 || time.toMSecsSinceEpoch() / 1000 > latest)
        return std::nullopt;
    return WallTime(std::chrono::milliseconds(time.toMSecsSinceEpoch()));
}

} // namespace gatehouse
