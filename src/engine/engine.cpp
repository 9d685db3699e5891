// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/engine.h"

#include "engine/engine_stream.h"
#include "engine/engine_worker.h"

#include <QMetaObject>

namespace gatehouse {

Engine::Engine(EngineOptions options, Log &log, QObject *parent)
    : QObject(parent)
    , m_worker(std::make_shared<EngineWorker>(std::move(options), log, [this] {
        QMetaObject::invokeMethod(this, &Engine::statusChanged, Qt::QueuedConnection);
    }))
{}

Engine::~Engine()
{
    m_worker->stop();
}

bool Engine::load()
{
    return m_worker->load();
}

bool Engine::unload()
{
    return m_worker->unload();
}

EngineStatus Engine::status() const
{
    return m_worker->status();
}

int Engine::waiting() const
{
    return m_worker->waiting();
}

QByteArray Engine::name() const
{
    return m_worker->options().name;
}

ChatStreamPtr Engine::open(const ChatRequest &request)
{
    auto *stream = new EngineStream;
    ChatStreamPtr owner(stream);
    if (const JobId job = m_worker->submit(request, stream->channel()); job != 0)
        stream->setJob(m_worker, job);
    return owner;
}

} // namespace gatehouse

#include "moc_engine.cpp"
