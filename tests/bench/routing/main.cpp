// SPDX-License-Identifier: GPL-3.0-or-later
// What it costs to find a request its route, in processor time of one lane:
//
//     gatehouse-routing-bench [requests]
//
// 10 routes of 300 models each, three of them in one pool that a request goes to: the model is resolved among
// all of them, a place at a route of the pool is taken (by session, so that the choice hashes), the answer
// begins, and the place is given back. First the decision alone, then the whole.
#include "routing/model_router.h"
#include "routing/turn.h"

#include <QCoreApplication>
#include <QFuture>

#include <cstdio>
#include <ctime>

using namespace gatehouse;

namespace {

constexpr int routes = 10;
constexpr int modelsPerRoute = 300;
constexpr int poolSize = 3;

double processorSeconds()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return double(time.tv_sec) + double(time.tv_nsec) / 1e9;
}

/// Lists its models at once; the pool's are the same.
class ListingBackend final : public ChatBackend
{
public:
    explicit ListingBackend(const RouteSettings &route)
        : m_prefix((route.pool.isEmpty() ? route.key : route.pool).toUtf8())
    {}

    [[nodiscard]] ChatStreamPtr open(const ChatRequest &) override { return nullptr; }
    [[nodiscard]] QFuture<Result<QList<ModelInfo>>> models() override
    {
        QList<ModelInfo> models;
        for (int i = 0; i < modelsPerRoute; ++i)
            models.append(
                {.id = m_prefix + "/model-" + QByteArray::number(i) + ":latest", .contextLength = 8192});
        return QtFuture::makeReadyFuture(Result<QList<ModelInfo>>(std::move(models)));
    }

private:
    QByteArray m_prefix;
};

SettingsPtr benchSettings()
{
    auto settings = std::make_shared<Settings>();
    for (int i = 0; i < routes; ++i) {
        RouteSettings route;
        route.key = QStringLiteral("route-%1").arg(i);
        route.url = QUrl(QStringLiteral("http://box-%1:8000/v1").arg(i));
        if (i >= routes - poolSize)
            route.pool = QStringLiteral("farm");
        settings->routes.append(route);
    }
    return settings;
}

class Lane
{
public:
    Lane()
    {
        m_router.renew(&m_context, [] {});
        for (int i = 0; i < modelsPerRoute; ++i)
            m_models.append("farm/model-" + QByteArray::number(i));
    }

    /// True: all of the pool are candidates.
    bool resolve(int request)
    {
        m_resolved.reset();
        m_router.resolve(m_models.at(request % modelsPerRoute), {}, &m_context,
                         [this](const Result<ResolvedModel> &found) {
                             if (found)
                                 m_resolved = *found;
                         });
        return m_resolved && m_resolved->candidates.size() == poolSize;
    }

    /// True: it got a place and gave it back.
    bool pass(int request)
    {
        if (!resolve(request))
            return false;
        Wish wish{.routes = {},
                  .model = m_resolved->model,
                  .affinity = stableHash(m_sessions.at(request % m_sessions.size())),
                  .payer = "key",
                  .tokens = 500};
        for (const Candidate &candidate : m_resolved->candidates)
            wish.routes.insert(candidate.routeKey);
        Turn turn(m_resolved->group, std::move(wish));
        bool isServed = false;
        turn.take([&isServed](Result<Place> place) {
            if (!place)
                return;
            place->succeeded();
            isServed = true;
        });
        return isServed;
    }

private:
    SystemClock m_clock;
    Catalogue m_catalogue{m_clock};
    RouteDirectory m_directory{benchSettings(), m_clock};
    ModelRouter m_router{m_directory,
                         [](const RouteSettings &route) -> Result<std::unique_ptr<ChatBackend>> {
                             return std::unique_ptr<ChatBackend>(std::make_unique<ListingBackend>(route));
                         },
                         m_catalogue, m_clock};
    QObject m_context;
    QByteArrayList m_models;
    QByteArrayList m_sessions{"session-1", "session-2", "session-3", "session-4", "session-5"};
    std::optional<ResolvedModel> m_resolved;
};

template <typename Step>
bool measure(const char *what, int requests, const Step &step)
{
    const double before = processorSeconds();
    int passed = 0;
    for (int i = 0; i < requests; ++i)
        passed += step(i) ? 1 : 0;
    std::printf("%s: %d of %d passed; %.2f us of processor time a request\n", what, passed, requests,
                (processorSeconds() - before) * 1e6 / requests);
    return passed == requests;
}

} // namespace

int main(int argc, char **argv)
{
    const QCoreApplication app(argc, argv);
    const int requests = argc > 1 ? std::atoi(argv[1]) : 300'000;
    Lane lane;
    const bool isResolved = measure("model to routes", requests, [&](int i) { return lane.resolve(i); });
    const bool isServed = measure("and a place there", requests, [&](int i) { return lane.pass(i); });
    return isResolved && isServed ? 0 : 1;
}
