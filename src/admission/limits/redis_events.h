// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include <memory>

class QSocketNotifier;
struct redisAsyncContext;

namespace gatehouse {

/// Has the event loop of its thread serve a connection of hiredis'. One connection after the other; the
/// notifiers of one stay, switched off, until the next is attached, because hiredis lets go of them while
/// they are being delivered.
class RedisEvents : public QObject
{
    Q_OBJECT
public:
    explicit RedisEvents(QObject *parent);
    ~RedisEvents() override;

    /// From now until hiredis frees `context`. Not inside one of hiredis' callbacks.
    void attach(redisAsyncContext *context);

private:
    static void addRead(void *self);
    static void removeRead(void *self);
    static void addWrite(void *self);
    static void removeWrite(void *self);
    static void cleanUp(void *self);

    redisAsyncContext *m_context = nullptr; ///< hiredis'; null once freed.
    std::unique_ptr<QSocketNotifier> m_readable;
    std::unique_ptr<QSocketNotifier> m_writable;
};

} // namespace gatehouse
