// SPDX-License-Identifier: GPL-3.0-or-later
#include "load/post_load.h"

#include "load/client.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <vector>

namespace gatehouse::bench {

namespace {

using Seconds = std::chrono::duration<double>;

/// How long the idle connections get for their one request each.
constexpr double MostIdleSeconds = 60;
/// Idle connections are opened this many at a time: servers have a listen queue.
constexpr int IdleAtOnce = 64;

class PostLoad
{
public:
    explicit PostLoad(const Options &options)
        : m_options(options)
        , m_request(chatRequest(options.path, options.model, false))
    {}

    int run();

private:
    bool openIdle();
    bool open(int count, const std::string &request);
    bool turn(bool sendAgain);
    bool serve(Client &client, bool sendAgain);
    bool playFor(double seconds);
    void report(double seconds);

    const Options &m_options;
    const std::string m_request;
    const int m_epoll = epoll_create1(EPOLL_CLOEXEC);
    std::vector<std::unique_ptr<Client>> m_clients;
    std::vector<std::uint32_t> m_latencies; ///< Microseconds.
    int m_waiting = 0;
    int m_failures = 0;
    int m_lastStatus = 0;
};

int PostLoad::run()
{
    if (!openIdle() || !open(m_options.connections, m_request) || !playFor(m_options.warmUp)) {
        std::fprintf(stderr, "gatehouse-load: port %d gives no answer (last status: %d)\n",
                     int(m_options.port), m_lastStatus);
        return 1;
    }
    m_latencies.clear();
    m_failures = 0;
    std::puts("begin");
    std::fflush(stdout);
    const Clock::time_point start = Clock::now();
    playFor(m_options.seconds);
    report(Seconds(Clock::now() - start).count());
    return 0;
}

bool PostLoad::openIdle()
{
    const std::string cheap = cheapRequest();
    const Clock::time_point end =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds(MostIdleSeconds));
    while (static_cast<int>(m_clients.size()) < m_options.idle) {
        for (int count = 0; count < IdleAtOnce && static_cast<int>(m_clients.size()) < m_options.idle;
             ++count) {
            if (!open(1, cheap))
                return false;
        }
        while (m_waiting > 0) {
            if (!turn(false) || m_failures > 0 || Clock::now() > end)
                return false;
        }
    }
    return true;
}

bool PostLoad::open(int count, const std::string &request)
{
    for (int index = 0; index < count; ++index) {
        m_clients.push_back(std::make_unique<Client>());
        if (!m_clients.back()->open(m_epoll, m_options.port) || !m_clients.back()->send(request))
            return false;
        ++m_waiting;
    }
    return true;
}

bool PostLoad::playFor(double seconds)
{
    const Clock::time_point end =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
    while (Clock::now() < end && m_waiting > 0) {
        if (!turn(true))
            return false;
    }
    return m_waiting > 0;
}

bool PostLoad::turn(bool sendAgain)
{
    std::array<epoll_event, 128> events;
    const int ready = epoll_wait(m_epoll, events.data(), int(events.size()), 1000);
    for (int index = 0; index < ready; ++index) {
        Client &client = *static_cast<Client *>(events[std::size_t(index)].data.ptr);
        if (!serve(client, sendAgain)) {
            ++m_failures;
            --m_waiting;
        }
    }
    return ready >= 0;
}

bool PostLoad::serve(Client &client, bool sendAgain)
{
    std::string body;
    if (!client.read(body))
        return false;
    if (!client.answer().isComplete())
        return true;
    if (!sendAgain) { // an idle connection's one answer, whatever it says
        --m_waiting;
        return true;
    }
    m_lastStatus = client.answer().status();
    if (m_lastStatus != 200)
        return false;
    const auto latency =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - client.sentAt());
    m_latencies.push_back(static_cast<std::uint32_t>(latency.count()));
    return client.send(m_request);
}

void PostLoad::report(double seconds)
{
    std::sort(m_latencies.begin(), m_latencies.end());
    const auto percentile = [this](double part) {
        const std::size_t last = m_latencies.size() - 1;
        return m_latencies.empty() ? 0U : m_latencies[static_cast<std::size_t>(part * double(last))];
    };
    std::printf("{\"answers\":%zu,\"failures\":%d,\"seconds\":%.6f,\"p50_us\":%u,\"p99_us\":%u}\n",
                m_latencies.size(), m_failures, seconds, percentile(0.50), percentile(0.99));
}

} // namespace

int runPostLoad(const Options &options)
{
    return PostLoad(options).run();
}

} // namespace gatehouse::bench
