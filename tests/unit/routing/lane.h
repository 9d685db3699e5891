// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fake_backend.h"
#include "routing/model_router.h"

namespace gatehouse {

/// Makes fake backends and remembers them.
struct FakeMaker
{
    /// For as long as this lives.
    [[nodiscard]] BackendMaker maker()
    {
        return [this](const RouteSettings &route) -> Result<std::unique_ptr<ChatBackend>> {
            if (route.key == refused)
                return Error{.code = ErrorCode::InvalidRequest, .message = QStringLiteral("no such file")};
            auto made = std::make_unique<FakeBackend>();
            if (atOnce)
                made->answerAtOnce(*atOnce);
            backends.push_back(made.get());
            keys.append(route.key);
            return std::unique_ptr<ChatBackend>(std::move(made));
        };
    }

    std::vector<FakeBackend *> backends;       ///< In the order of their making; some may be gone.
    QStringList keys;                          ///< Of their routes.
    QString refused;                           ///< A route that no backend can be made for.
    std::optional<FakeBackend::Listed> atOnce; ///< What those made from now on list.
};

/// One lane: a router with fake backends.
struct Lane : FakeMaker
{
    Lane(RouteDirectory &directory, Catalogue &catalogue, const Clock &clock)
        : router(std::make_unique<ModelRouter>(directory, maker(), catalogue, clock))
    {}

    void resolve(const QByteArray &model, const QByteArray &key = {})
    {
        answer.clear();
        router->resolve(model, key, &context, [this](const Result<ResolvedModel> &found) {
            resolved = found ? std::optional(*found) : std::nullopt;
            answer = found ? shown(*found) : QByteArray(errorCodeName(found.error().code));
        });
    }
    [[nodiscard]] static QByteArray shown(const ResolvedModel &found)
    {
        QByteArrayList keys;
        for (const Candidate &candidate : found.candidates)
            keys.append(candidate.routeKey);
        return keys.join('+') + ':' + found.model;
    }

    std::unique_ptr<ModelRouter> router;
    QObject context;
    QByteArray answer;
    std::optional<ResolvedModel> resolved;
};

inline RouteSettings routeOf(const char *key, const char *url = "", const char *pool = "")
{
    RouteSettings route;
    route.key = QString::fromLatin1(key);
    route.url = QUrl(QString::fromLatin1(url));
    route.pool = QString::fromLatin1(pool);
    return route;
}

inline SettingsPtr settingsOf(const QList<RouteSettings> &routes)
{
    auto settings = std::make_shared<Settings>();
    settings->routes = routes;
    return settings;
}

} // namespace gatehouse
