// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/fake_upstream.h"

#include "fakes/listener.h"

#include <utility>

namespace gatehouse::fakes {

FakeUpstream::FakeUpstream(const Behaviour &defaults, Runs runs, quint16 port)
    : m_script(defaults)
    , m_listener(std::make_unique<Listener>(m_script, m_journal))
{
    if (m_listener->start(port))
        m_port = m_listener->serverPort();
    if (runs == Runs::InOwnThread) {
        m_listener->moveToThread(&m_thread);
        m_thread.setObjectName(QStringLiteral("fake upstream"));
        m_thread.start();
    }
}

FakeUpstream::~FakeUpstream()
{
    if (!m_thread.isRunning())
        return;
    // The connections' notifiers and timers belong to the thread, so it is the one that ends them.
    inItsThread([this] { m_listener.reset(); });
    m_thread.quit();
    m_thread.wait();
}

template <typename F>
void FakeUpstream::inItsThread(F &&action)
{
    if (m_thread.isRunning())
        QMetaObject::invokeMethod(m_listener.get(), std::forward<F>(action), Qt::BlockingQueuedConnection);
    else
        action();
}

bool FakeUpstream::isListening() const
{
    return m_port != 0;
}

QUrl FakeUpstream::openAiUrl() const
{
    return QUrl(QStringLiteral("http://127.0.0.1:%1/v1").arg(m_port));
}

QUrl FakeUpstream::ollamaUrl() const
{
    return QUrl(QStringLiteral("http://127.0.0.1:%1").arg(m_port));
}

void FakeUpstream::refuse()
{
    inItsThread([this] { m_listener->close(); });
}

void FakeUpstream::accept()
{
    inItsThread([this] { m_listener->start(m_port); });
}

void FakeUpstream::resetConnections()
{
    inItsThread([this] { m_listener->resetConnections(); });
}

Behaviour behave(QByteArrayView specification)
{
    const Result<Behaviour> behaviour = parseBehaviour(specification);
    if (!behaviour)
        qFatal("%s", qUtf8Printable(behaviour.error().message));
    return *behaviour;
}

} // namespace gatehouse::fakes
