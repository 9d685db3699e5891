// SPDX-License-Identifier: GPL-3.0-or-later
#include "integration/door/running_door.h"

namespace gatehouse {

class RunningDoor::CountingLog final : public Log
{
public:
    void write(LogLevel level, const char *, std::span<const LogField>) override
    {
        if (level >= LogLevel::Warning)
            ++m_warnings;
    }
    [[nodiscard]] int warnings() const { return m_warnings; }

private:
    std::atomic<int> m_warnings = 0;
};

RunningDoor::RunningDoor(const ServerSettings &settings, ServerTuning tuning)
    : m_log(std::make_unique<CountingLog>())
{
    m_thread.start();
    m_context.moveToThread(&m_thread);
    QMetaObject::invokeMethod(
        &m_context,
        [&] {
            m_server = std::make_unique<Server>(
                settings, *m_log, m_clock,
                [this](int lane) { return std::make_unique<DoorService>(lane, m_seen); }, tuning);
            QObject::connect(m_server.get(), &Server::drained, &m_context, [this] { m_drained = true; });
            const auto port = m_server->listen();
            if (port)
                m_port = *port;
            else
                m_listenError = port.error().message;
        },
        Qt::BlockingQueuedConnection);
}

RunningDoor::~RunningDoor()
{
    QMetaObject::invokeMethod(
        &m_context, [&] { m_server.reset(); }, Qt::BlockingQueuedConnection);
    m_thread.quit();
    m_thread.wait();
}

ServerSettings RunningDoor::defaults()
{
    ServerSettings settings;
    settings.port = 0;
    settings.lanes = 1;
    return settings;
}

Result<void> RunningDoor::reloadTls(const ServerSettings &settings)
{
    Result<void> result;
    QMetaObject::invokeMethod(
        &m_context, [&] { result = m_server->reloadTls(settings); }, Qt::BlockingQueuedConnection);
    return result;
}

void RunningDoor::drain()
{
    QMetaObject::invokeMethod(
        &m_context, [&] { m_server->drain(); }, Qt::BlockingQueuedConnection);
}

int RunningDoor::warnings() const
{
    return m_log->warnings();
}

} // namespace gatehouse
