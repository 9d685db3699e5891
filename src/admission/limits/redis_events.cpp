// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/redis_events.h"

#include <QSocketNotifier>

#include <hiredis/async.h>

namespace gatehouse {

namespace {

RedisEvents *events(void *self)
{
    return static_cast<RedisEvents *>(self);
}

} // namespace

RedisEvents::RedisEvents(QObject *parent)
    : QObject(parent)
{}

RedisEvents::~RedisEvents()
{
    if (m_context)
        m_context->ev = {};
}

void RedisEvents::attach(redisAsyncContext *context)
{
    m_context = context;
    m_readable = std::make_unique<QSocketNotifier>(context->c.fd, QSocketNotifier::Read);
    m_writable = std::make_unique<QSocketNotifier>(context->c.fd, QSocketNotifier::Write);
    m_readable->setEnabled(false);
    m_writable->setEnabled(false);
    connect(m_readable.get(), &QSocketNotifier::activated, this, [this] {
        if (m_context)
            redisAsyncHandleRead(m_context);
    });
    connect(m_writable.get(), &QSocketNotifier::activated, this, [this] {
        if (m_context)
            redisAsyncHandleWrite(m_context);
    });
    context->ev = {.data = this,
                   .addRead = addRead,
                   .delRead = removeRead,
                   .addWrite = addWrite,
                   .delWrite = removeWrite,
                   .cleanup = cleanUp};
}

void RedisEvents::addRead(void *self)
{
    events(self)->m_readable->setEnabled(true);
}

void RedisEvents::removeRead(void *self)
{
    events(self)->m_readable->setEnabled(false);
}

void RedisEvents::addWrite(void *self)
{
    events(self)->m_writable->setEnabled(true);
}

void RedisEvents::removeWrite(void *self)
{
    events(self)->m_writable->setEnabled(false);
}

void RedisEvents::cleanUp(void *self)
{
    removeRead(self);
    removeWrite(self);
    events(self)->m_context = nullptr;
}

} // namespace gatehouse
