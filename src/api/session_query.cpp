// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/session_query.h"

#include "dialects/openai/field_reader.h"

#include <QCoreApplication>

namespace gatehouse {

namespace {

constexpr auto cursorForm = QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals;

} // namespace

// Forms write a space as `+`; a plus itself comes encoded.
SessionQuery::SessionQuery(QByteArray query)
    : m_query(QString::fromLatin1(query.replace('+', "%20")))
{}

void SessionQuery::wrong(const char *name)
{
    if (!m_mistake)
        m_mistake = openai::invalidField(
            name,
            QCoreApplication::translate("Sessions", "Invalid value for '%1'.").arg(QString::fromLatin1(name)),
            "invalid_value");
}

std::optional<QByteArray> SessionQuery::text(const char *name, qsizetype longest)
{
    const QString key = QString::fromLatin1(name);
    if (!m_query.hasQueryItem(key))
        return std::nullopt;
    const QByteArray value = m_query.queryItemValue(key, QUrl::FullyDecoded).toUtf8();
    if (value.isEmpty() || value.size() > longest)
        wrong(name);
    return value;
}

std::optional<qint64> SessionQuery::integer(const char *name, qint64 least, qint64 most)
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

std::optional<SessionRepository::Before> SessionQuery::cursor(const char *name)
{
    const auto word = text(name, 1024);
    if (!word)
        return std::nullopt;
    const auto decoded =
        QByteArray::fromBase64Encoding(*word, cursorForm | QByteArray::AbortOnBase64DecodingErrors);
    const QByteArrayList parts = decoded.decoded.split('\n');
    bool isNumber = false;
    const qint64 time = parts.first().toLongLong(&isNumber);
    if (!decoded || parts.size() != 3 || !isNumber) {
        wrong(name);
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
