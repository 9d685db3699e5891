// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fake_backend.h"
#include "routing/route_table.h"

namespace gatehouse {

/// Routes, and what their upstreams have listed.
struct House
{
    Settings settings;
    CatalogueEntries entries;
    MonotonicTime now{std::chrono::hours(1)};

    House &route(const char *key, RouteKind kind = RouteKind::OpenAi, QStringList models = {})
    {
        RouteSettings route;
        route.key = QString::fromLatin1(key);
        route.kind = kind;
        route.models = std::move(models);
        settings.routes.append(route);
        return *this;
    }
    /// Of the newest route.
    House &pool(const char *name)
    {
        settings.routes.last().pool = QString::fromLatin1(name);
        return *this;
    }
    House &at(const char *url)
    {
        settings.routes.last().url = QUrl(QString::fromLatin1(url));
        return *this;
    }

    House &listed(const char *key, std::initializer_list<const char *> names)
    {
        auto entry = std::make_shared<CatalogueEntry>();
        entry->setModels(modelsNamed(names));
        entry->listed = true;
        entry->asked = now;
        entries.insert(key, entry);
        return *this;
    }
    House &down(const char *key)
    {
        auto entry = std::make_shared<CatalogueEntry>();
        if (const auto known = entries.value(key))
            *entry = *known;
        entry->failure = Error{.code = ErrorCode::UpstreamUnreachable, .message = QStringLiteral("down")};
        entry->asked = now;
        entries.insert(key, entry);
        return *this;
    }

    [[nodiscard]] RouteTable table() const { return RouteTable(std::make_shared<const Settings>(settings)); }
    [[nodiscard]] RouteDecision decide(const QByteArray &model, const QByteArray &key = {},
                                       bool mayAsk = true) const
    {
        return table().decide(model, key, {.entries = entries, .now = now, .mayAsk = mayAsk});
    }
};

/// A decision in one word and its particulars, so that a failed comparison shows all of it.
inline QString said(const RouteDecision &decision)
{
    const auto joined = [](const QList<int> &routes, QChar separator) {
        QStringList numbers;
        for (const int route : routes)
            numbers.append(QString::number(route));
        return numbers.join(separator);
    };
    if (const auto *choice = std::get_if<RouteChoice>(&decision))
        return joined(choice->routes, u'+') + u':' + QString::fromUtf8(choice->model) +
               (choice->stale.isEmpty() ? QString() : QStringLiteral(" old"));
    if (const auto *question = std::get_if<RouteQuestion>(&decision))
        return QStringLiteral("ask ") + joined(question->routes, u',');
    return QString::fromLatin1(errorCodeName(std::get<Error>(decision).code));
}

inline Error errorOf(const RouteDecision &decision)
{
    const auto *error = std::get_if<Error>(&decision);
    return error ? *error : Error{.code = ErrorCode::Internal, .message = said(decision)};
}

} // namespace gatehouse
