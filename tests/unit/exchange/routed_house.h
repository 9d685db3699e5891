// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "exchange/exchange.h"
#include "unit/exchange/puppet_backend.h"
#include "unit/exchange/recording_journal.h"

#include <QTest>

namespace gatehouse {

inline const Error refused{.code = ErrorCode::UpstreamUnreachable, .message = QStringLiteral("nobody there")};
inline const Error broken{
    .code = ErrorCode::UpstreamFailed, .message = QStringLiteral("500"), .upstreamStatus = 500};

/// From whom.
struct Client
{
    Caller caller;
    QHostAddress address;
};

/// One exchange and what became of it.
struct Asked
{
    Asked(Journal &journal, ModelRouter &router, const Clock &clock, const Client &client)
        : ticket(
              journal, clock,
              RequestRecord{
                  .requestId = "r", .caller = client.caller, .client = client.address, .start = clock.now()})
        , exchange(std::make_unique<Exchange>(ticket, router, clock))
    {
        QObject::connect(exchange.get(), &Exchange::event, exchange.get(),
                         [this](const ChatEvent &event) { seen.append(event); });
        QObject::connect(exchange.get(), &Exchange::queued, exchange.get(), [this] { ++queued; });
    }

    [[nodiscard]] std::optional<Error> failure() const
    {
        const auto *failed = seen.isEmpty() ? nullptr : std::get_if<AnswerFailed>(&seen.last());
        return failed ? std::optional(failed->error) : std::nullopt;
    }

    Ticket ticket;
    std::unique_ptr<Exchange> exchange;
    QList<ChatEvent> seen;
    int queued = 0;
};

/// A pool of three routes to "small" and a route to "big", whose upstreams the test plays.
class RoutedHouse : public QObject
{
protected:
    /// Before each test; routes may be changed until the first request.
    void open()
    {
        m_journal = {};
        m_settings = {};
        m_client = {.caller = {.keyId = "k1"}, .address = {}};
        addRoute("one", "small", "pool");
        addRoute("two", "small", "pool");
        addRoute("three", "small", "pool");
        addRoute("far", "big");
    }
    /// After it: all places were given back, and each request was counted once.
    void close()
    {
        const qsizetype asked = static_cast<qsizetype>(m_asked.size());
        m_asked.clear();
        QCOMPARE(m_journal.records.size(), asked); // Each is counted once.
        for (const RouteTraffic &route : m_directory->current()->groups.first()->traffic())
            QCOMPARE(route.outstanding, 0);
        m_router.reset();
    }
    void addRoute(const char *key, const char *model, const char *pool = "")
    {
        m_settings.routes.append(
            RouteSettings{.key = QString::fromLatin1(key),
                          .url = QUrl(QStringLiteral("http://%1/v1").arg(QLatin1String(key))),
                          .models = {QString::fromLatin1(model)},
                          .pool = QString::fromLatin1(pool)});
    }
    void build()
    {
        m_backends.clear();
        m_catalogue = std::make_unique<Catalogue>(m_clock);
        m_directory = std::make_unique<RouteDirectory>(std::make_shared<const Settings>(m_settings), m_clock);
        const auto make = [this](const RouteSettings &route) -> Result<std::unique_ptr<ChatBackend>> {
            auto backend = std::make_unique<PuppetBackend>();
            m_backends.insert(route.key.toLatin1(), backend.get());
            return std::unique_ptr<ChatBackend>(std::move(backend));
        };
        m_router = std::make_unique<ModelRouter>(*m_directory, make, *m_catalogue, m_clock);
    }
    Asked &ask(const QByteArray &model, const QByteArray &text = "Hello", const QByteArray &routeKey = {})
    {
        if (!m_router)
            build();
        m_asked.push_back(std::make_unique<Asked>(m_journal, *m_router, m_clock, m_client));
        m_asked.back()->exchange->start({.model = model,
                                         .routeKey = routeKey,
                                         .input = Conversation{{textMessage(Role::User, text)}},
                                         .stream = true});
        return *m_asked.back();
    }
    /// One request at each route of the pool, which has room for no other.
    void fillPool()
    {
        for (RouteSettings &route : m_settings.routes)
            route.maxConcurrent = 1;
        for (int i = 0; i < 3; ++i)
            ask("small");
        for (const char *key : {"one", "two", "three"})
            QCOMPARE(at(key).asked.size(), 1);
    }
    [[nodiscard]] PuppetBackend &at(const char *key) { return *m_backends.value(key); }
    /// The route that has a request; empty: none.
    [[nodiscard]] QByteArray busy() const
    {
        for (const auto &group : m_directory->current()->groups) {
            for (const RouteTraffic &route : group->traffic()) {
                if (route.outstanding > 0)
                    return route.key;
            }
        }
        return {};
    }
    void tell(const QByteArray &key, const ChatEvent &event)
    {
        Q_EMIT m_backends.value(key)->stream->event(event);
    }
    void answer(const QByteArray &key)
    {
        tell(key, AnswerStarted{.model = "small"});
        tell(key, TextDelta{.text = "Hi"});
        tell(key, ChoiceFinished{});
        tell(key, AnswerCompleted{});
    }

    RecordingJournal m_journal;
    StandingClock m_clock;
    Settings m_settings;
    Client m_client;
    std::unique_ptr<Catalogue> m_catalogue;
    std::unique_ptr<RouteDirectory> m_directory;
    std::unique_ptr<ModelRouter> m_router;
    QHash<QByteArray, PuppetBackend *> m_backends;
    std::vector<std::unique_ptr<Asked>> m_asked;
};

} // namespace gatehouse
