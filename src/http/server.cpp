// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/server.h"

#include "base/epoll_dispatcher.h"
#include "http/acceptor.h"
#include "http/descriptor_budget.h"
#include "http/lane.h"
#include "http/tls_identity.h"

#include <QThread>
#include <QTimer>

#include <algorithm>
#include <vector>

namespace gatehouse {

namespace {

using namespace std::chrono_literals;

constexpr int mostDefaultLanes = 4;

/// What cancelled answers and closed WebSockets get to send their last bytes.
constexpr auto lastWordsTimeout = 1s;

int laneCount(const ServerSettings &settings)
{
    return settings.lanes > 0 ? settings.lanes : std::clamp(QThread::idealThreadCount(), 1, mostDefaultLanes);
}

bool wantsTls(const ServerSettings &settings)
{
    return !settings.tlsCertificateFile.isEmpty() && !settings.tlsKeyFile.isEmpty();
}

} // namespace

class Server::Private
{
public:
    Private(const ServerSettings &serverSettings, Log &serverLog, const Clock &clock,
            LaneServiceFactory laneFactory, ServerTuning serverTuning)
        : settings(serverSettings)
        , log(serverLog)
        , factory(std::move(laneFactory))
        , tuning(serverTuning)
        , material{settings, tuning, clock, log, factory, occupancy}
        , acceptor(connectionsWithinBudget(settings.maxConnections), occupancy, log,
                   [this](Descriptor descriptor, Acceptor::Reception reception) {
                       leastLoaded().take(std::move(descriptor), reception);
                   })
    {}

    struct LaneThread
    {
        std::unique_ptr<QThread> thread = std::make_unique<QThread>();
        Lane *lane = nullptr; ///< Lives in the thread and is deleted at its end.
        bool emptied = false;
    };

    Lane &leastLoaded() const
    {
        return *std::min_element(lanes.begin(), lanes.end(), [](const LaneThread &a, const LaneThread &b) {
                    return a.lane->load() < b.lane->load();
                })->lane;
    }

    /// Queues a call of `member` in each lane's thread.
    template <typename Member, typename... Arguments>
    void callLanes(Member member, const Arguments &...arguments) const
    {
        for (const LaneThread &entry : lanes)
            QMetaObject::invokeMethod(
                entry.lane, [lane = entry.lane, member, arguments...] { (lane->*member)(arguments...); },
                Qt::QueuedConnection);
    }

    const ServerSettings settings;
    Log &log;
    const LaneServiceFactory factory;
    const ServerTuning tuning;
    Occupancy occupancy;
    const LaneMaterial material;
    Acceptor acceptor;
    std::vector<LaneThread> lanes;
    QTimer drainTimer;
    bool cancelled = false;
    bool drained = false;
};

Server::Server(const ServerSettings &settings, Log &log, const Clock &clock, LaneServiceFactory factory,
               ServerTuning tuning)
    : d(std::make_unique<Private>(settings, log, clock, std::move(factory), tuning))
{
    d->drainTimer.setSingleShot(true);
    connect(&d->drainTimer, &QTimer::timeout, this, &Server::endDrain);
}

Server::~Server()
{
    d->acceptor.shut();
    for (const auto &entry : d->lanes)
        entry.thread->quit();
    for (const auto &entry : d->lanes)
        entry.thread->wait();
}

Result<quint16> Server::listen()
{
    std::optional<TlsIdentity> identity;
    if (wantsTls(d->settings)) {
        auto read = readTlsIdentity(d->settings);
        if (!read)
            return read.error();
        identity = *std::move(read);
    }
    const auto port = d->acceptor.open(d->settings.host, d->settings.port);
    if (!port)
        return port;
    for (int i = 0; i < laneCount(d->settings); ++i)
        startLane(i);
    if (identity)
        d->callLanes(&Lane::setTls, *identity);
    return port;
}

void Server::startLane(int index)
{
    Private::LaneThread &entry = d->lanes.emplace_back();
    entry.thread->setObjectName(QStringLiteral("lane%1").arg(index));
    entry.thread->setEventDispatcher(new EpollDispatcher); // The thread deletes it.
    entry.lane = new Lane(index, d->material);
    entry.lane->moveToThread(entry.thread.get());
    connect(entry.thread.get(), &QThread::started, entry.lane, &Lane::open);
    connect(entry.thread.get(), &QThread::finished, entry.lane, [lane = entry.lane] {
        lane->close();
        lane->deleteLater();
    });
    connect(entry.lane, &Lane::emptied, this, [this, index] {
        d->lanes[static_cast<std::size_t>(index)].emptied = true;
        checkDrained();
    });
    entry.thread->start();
}

Result<void> Server::reloadTls(const ServerSettings &settings)
{
    const auto identity = readTlsIdentity(settings);
    if (!identity)
        return identity.error();
    d->callLanes(&Lane::setTls, *identity);
    return {};
}

void Server::drain()
{
    if (d->drainTimer.isActive() || d->drained)
        return;
    d->acceptor.shut();
    d->drainTimer.start(d->settings.drainTimeout);
    d->callLanes(&Lane::drain);
    checkDrained();
}

// Called twice: when the drain timeout has passed, and when the cancelled have had their time, too.
void Server::endDrain()
{
    if (!d->cancelled) {
        d->cancelled = true;
        d->drainTimer.start(lastWordsTimeout);
        d->callLanes(&Lane::cancel);
        return;
    }
    reportDrained();
}

void Server::checkDrained()
{
    if (std::all_of(d->lanes.begin(), d->lanes.end(), [](const auto &entry) { return entry.emptied; }))
        reportDrained();
}

void Server::reportDrained()
{
    d->drainTimer.stop();
    if (!std::exchange(d->drained, true))
        Q_EMIT drained();
}

ServerCounters Server::counters() const
{
    return {.activeConnections = d->occupancy.count(),
            .acceptedConnections = d->acceptor.acceptedCount(),
            .refusedConnections = d->acceptor.refusedCount(),
            .lanes = int(d->lanes.size())};
}

} // namespace gatehouse
