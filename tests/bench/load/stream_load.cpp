// SPDX-License-Identifier: GPL-3.0-or-later
#include "load/stream_load.h"

#include "load/client.h"
#include "load/token_counter.h"

#include <sys/epoll.h>

#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

namespace gatehouse::bench {

namespace {

using Seconds = std::chrono::duration<double>;

/// From the first connection to the last `[DONE]`; what is not complete by then is lost.
constexpr double MostSeconds = 90;
/// Streams are opened this many at a time, so that their events spread over time, as real ones do.
constexpr int OpenedATurn = 8;

struct Stream : Client
{
    TokenCounter counter;
    bool ended = false;
};

class StreamLoad
{
public:
    explicit StreamLoad(const Options &options)
        : m_options(options)
        , m_request(chatRequest(options.path, options.model, true))
    {}

    int run();

private:
    bool openSome();
    void turn();
    void serve(Stream &stream);
    void watchWindow(Clock::time_point now);
    void report() const;

    const Options &m_options;
    const std::string m_request;
    const int m_epoll = epoll_create1(EPOLL_CLOEXEC);
    std::vector<std::unique_ptr<Stream>> m_streams;
    int m_started = 0; ///< Streams that have brought a token.
    int m_open = 0;
    int m_failures = 0;
    std::optional<Clock::time_point> m_windowEnd;
    bool m_windowClosed = false;
    long long m_windowEvents = 0;
};

int StreamLoad::run()
{
    const Clock::time_point end =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds(MostSeconds));
    m_streams.reserve(static_cast<std::size_t>(m_options.connections));
    do {
        if (!openSome()) {
            std::fprintf(stderr, "gatehouse-load: can't connect to port %d\n", int(m_options.port));
            return 1;
        }
        turn();
        watchWindow(Clock::now());
    } while (m_open > 0 && Clock::now() < end);
    report();
    return 0;
}

bool StreamLoad::openSome()
{
    for (int count = 0; count < OpenedATurn; ++count) {
        if (static_cast<int>(m_streams.size()) == m_options.connections)
            return true;
        m_streams.push_back(std::make_unique<Stream>());
        if (!m_streams.back()->open(m_epoll, m_options.port) || !m_streams.back()->send(m_request))
            return false;
        ++m_open;
    }
    return true;
}

void StreamLoad::turn()
{
    std::array<epoll_event, 128> events;
    const int ready = epoll_wait(m_epoll, events.data(), int(events.size()), 10);
    for (int index = 0; index < ready; ++index) {
        auto *client = static_cast<Client *>(events[std::size_t(index)].data.ptr);
        serve(static_cast<Stream &>(*client));
    }
}

void StreamLoad::serve(Stream &stream)
{
    std::string body;
    const bool alive = stream.read(body);
    const bool first = stream.counter.tokens() == 0;
    const int events = stream.counter.feed(body);
    if (first && events > 0)
        ++m_started;
    if (m_windowEnd && !m_windowClosed)
        m_windowEvents += events;
    if (stream.ended || (alive && !stream.answer().isComplete()))
        return;
    stream.ended = true;
    stream.stop();
    --m_open;
    if (stream.answer().status() != 200)
        ++m_failures;
}

void StreamLoad::watchWindow(Clock::time_point now)
{
    if (!m_windowEnd && m_started == m_options.connections) {
        m_windowEnd = now + std::chrono::duration_cast<Clock::duration>(Seconds(m_options.seconds));
        std::puts("begin");
        std::fflush(stdout);
    } else if (m_windowEnd && !m_windowClosed && now >= *m_windowEnd) {
        m_windowClosed = true;
        std::printf("end %lld\n", m_windowEvents);
        std::fflush(stdout);
    }
}

void StreamLoad::report() const
{
    int complete = 0;
    long long lost = 0;
    for (const auto &stream : m_streams) {
        const TokenCounter &counter = stream->counter;
        lost += m_options.tokens - counter.tokens();
        complete += counter.isDone() && counter.isInOrder() && counter.tokens() == m_options.tokens ? 1 : 0;
    }
    std::printf("{\"streams\":%zu,\"complete\":%d,\"lost_tokens\":%lld,\"failures\":%d}\n", m_streams.size(),
                complete, lost, m_failures);
}

} // namespace

int runStreamLoad(const Options &options)
{
    return StreamLoad(options).run();
}

} // namespace gatehouse::bench
