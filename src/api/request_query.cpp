// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/request_query.h"

#include "api/json_body.h"
#include "dialects/openai/field_reader.h"

#include <QCoreApplication>

namespace gatehouse {

RequestQuery::RequestQuery(QByteArray query)
    : m_query(QString::fromLatin1(query.replace('+', "%20")))
{}

void RequestQuery::wrong(const char *name)
{
    if (!m_mistake)
        m_mistake =
            openai::invalidField(name,
                                 QCoreApplication::translate("RequestQuery", "Invalid value for '%1'.")
                                     .arg(QString::fromLatin1(name)),
                                 "invalid_value");
}

std::optional<QByteArray> RequestQuery::text(const char *name, qsizetype longest)
{
    const QString key = QString::fromLatin1(name);
    if (!m_query.hasQueryItem(key))
        return std::nullopt;
    const QByteArray value = m_query.queryItemValue(key, QUrl::FullyDecoded).toUtf8();
    if (value.isEmpty() || value.size() > longest)
        wrong(name);
    return value;
}

std::optional<qint64> RequestQuery::integer(const char *name, qint64 least, qint64 most)
{
    const auto word = text(name);
    if (!word)
        return std::nullopt;
    bool isNumber = false;
    const qint64 value = word->toLongLong(&isNumber);
    if (!isNumber || value < least || value > most)
        wrong(name);
    return value;
}

std::optional<WallTime> RequestQuery::time(const char *name)
{
    const auto word = text(name);
    if (!word)
        return std::nullopt;
    const auto time = parseTime(*word);
    if (!time)
        wrong(name);
    return time;
}

} // namespace gatehouse
