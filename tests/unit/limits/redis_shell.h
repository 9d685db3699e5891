// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

#include <hiredis/hiredis.h>

#include <memory>

/// Speaks with a test's Redis directly, one command at a time.
class RedisShell
{
public:
    explicit RedisShell(const QString &socketPath)
        : m_context(redisConnectUnix(socketPath.toUtf8().constData()), redisFree)
    {}

    /// The reply as text, numbers and the elements of lists (each on a line) too; `error: …`.
    QByteArray run(const QByteArray &command)
    {
        const std::unique_ptr<redisReply, void (*)(void *)> reply(
            static_cast<redisReply *>(redisCommand(m_context.get(), command.constData())), freeReplyObject);
        return reply ? textOf(*reply) : QByteArray("error: no reply");
    }

private:
    static QByteArray textOf(const redisReply &reply)
    {
        QByteArray text;
        switch (reply.type) {
        case REDIS_REPLY_INTEGER:
            return QByteArray::number(reply.integer);
        case REDIS_REPLY_ARRAY:
            for (std::size_t i = 0; i < reply.elements; ++i)
                text += textOf(*reply.element[i]) + '\n';
            return text;
        case REDIS_REPLY_ERROR:
            text = "error: ";
            break;
        default:
            break;
        }
        return text + QByteArray(reply.str, qsizetype(reply.len));
    }

    std::unique_ptr<redisContext, void (*)(redisContext *)> m_context;
};
