// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/route_table.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr QByteArrayView latestTag = ":latest";

QByteArrayView withoutLatestTag(QByteArrayView name)
{
    return name.endsWith(latestTag) ? name.chopped(latestTag.size()) : name;
}

bool lists(const CatalogueEntry &entry, const QByteArray &model)
{
    return std::any_of(entry.models.cbegin(), entry.models.cend(),
                       [&](const ModelInfo &info) { return isSameModel(info.id, model); });
}

/// A caller's text inside a message: short enough to be one.
QString quoted(const QByteArray &text)
{
    constexpr qsizetype longest = 200;
    QString shown = QString::fromUtf8(text.first(std::min(text.size(), longest)));
    if (text.size() > longest)
        shown += QChar(u'…');
    return QStringLiteral("'%1'").arg(shown);
}

std::shared_ptr<const CatalogueEntry> configuredEntry(const RouteSettings &route)
{
    if (route.models.isEmpty())
        return nullptr;
    auto entry = std::make_shared<CatalogueEntry>();
    entry->listed = true;
    for (const QString &name : route.models)
        entry->models.append({.id = name.toUtf8()});
    return entry;
}

} // namespace

bool isSameModel(QByteArrayView a, QByteArrayView b)
{
    return withoutLatestTag(a) == withoutLatestTag(b);
}

bool mayUse(const QStringList &allowed, QByteArrayView model)
{
    return allowed.isEmpty() || std::any_of(allowed.begin(), allowed.end(), [&](const QString &name) {
               return isSameModel(name.toUtf8(), model);
           });
}

RouteTable::RouteTable(SettingsPtr settings)
    : m_settings(std::move(settings))
{
    for (const RouteSettings &route : m_settings->routes)
        m_configured.append(configuredEntry(route));
}

bool RouteTable::isAllowed(const QByteArray &model) const
{
    const QStringList &allowed = m_settings->model.allowedModels;
    return allowed.isEmpty() || std::any_of(allowed.cbegin(), allowed.cend(), [&](const QString &name) {
               return isSameModel(name.toUtf8(), model);
           });
}

const CatalogueEntry *RouteTable::configured(int route) const
{
    return m_configured.at(route).get();
}

const CatalogueEntry *RouteTable::entry(int route, const View &view) const
{
    if (const CatalogueEntry *written = configured(route))
        return written;
    const auto known = view.entries.constFind(routes().at(route).key.toUtf8());
    return known == view.entries.constEnd() ? nullptr : known->get();
}

bool RouteTable::isOld(int route, const View &view) const
{
    if (configured(route))
        return false;
    const CatalogueEntry *known = entry(route, view);
    return !known || !Catalogue::isFresh(*known, view.now);
}

bool RouteTable::mustAsk(int route, const View &view) const
{
    return view.mayAsk && isOld(route, view);
}

int RouteTable::indexOf(const QByteArray &routeKey) const
{
    const QString wanted = QString::fromUtf8(routeKey).toLower();
    for (int i = 0; i < routes().size(); ++i) {
        if (routes().at(i).key == wanted)
            return i;
    }
    return -1;
}

int RouteTable::defaultRoute() const
{
    return std::max(0, indexOf(m_settings->model.defaultRouteKey.toUtf8()));
}

RouteDecision RouteTable::decide(const QByteArray &model, const QByteArray &routeKey, const View &view) const
{
    if (routes().isEmpty())
        return Error{.code = ErrorCode::ModelNotFound,
                     .message = QStringLiteral("No route is configured"),
                     .param = "model"};
    const QByteArray wanted =
        model.isEmpty() && routeKey.isEmpty() ? m_settings->model.defaultModel.toUtf8() : model;
    if (!wanted.isEmpty() && !isAllowed(wanted))
        return Error{.code = ErrorCode::Forbidden,
                     .message = QStringLiteral("The model %1 is not allowed here").arg(quoted(wanted)),
                     .param = "model"};
    if (!routeKey.isEmpty()) {
        const int named = indexOf(routeKey);
        if (named >= 0)
            return wanted.isEmpty() ? firstOf(named, view) : byRoute(named, wanted, view);
        return Error{.code = ErrorCode::ModelNotFound,
                     .message = QStringLiteral("There is no route %1").arg(quoted(routeKey)),
                     .param = "modelKey"};
    }
    if (wanted.isEmpty())
        return firstOf(defaultRoute(), view);
    // The only route's upstream knows best what it serves, under which names it lists it or not.
    if (routes().size() == 1 && !configured(0) && routes().first().kind != RouteKind::Local)
        return RouteChoice{.model = wanted};
    const RouteDecision decision = byModel(wanted, model.isEmpty() ? defaultRoute() : -1, view);
    const auto *error = std::get_if<Error>(&decision);
    // A default that nothing here serves (another server's setting was kept) must not answer everybody by
    // 404.
    const bool isDefault = wanted == m_settings->model.defaultModel.toUtf8();
    return error && error->code == ErrorCode::ModelNotFound && isDefault ? firstOf(defaultRoute(), view)
                                                                         : decision;
}

// `preferred` (−1: none) wins where several routes serve the model.
RouteDecision RouteTable::byModel(const QByteArray &model, int preferred, const View &view) const
{
    QList<int> servers;
    QList<int> old;
    bool allAnswered = true;
    for (int i = 0; i < routes().size(); ++i) {
        const CatalogueEntry *known = entry(i, view);
        allAnswered = allAnswered && known;
        if (mustAsk(i, view))
            old.append(i);
        if (known && lists(*known, model))
            servers.append(i);
    }
    if (servers.size() == 1 && (allAnswered || !view.mayAsk))
        return RouteChoice{.route = servers.first(), .model = model, .stale = old};
    if (!old.isEmpty())
        return RouteQuestion{old};
    if (servers.isEmpty())
        return notFound(model, view);
    if (servers.contains(preferred))
        return RouteChoice{.route = preferred, .model = model};
    return ambiguous(model, servers);
}

RouteDecision RouteTable::byRoute(int route, const QByteArray &model, const View &view) const
{
    const CatalogueEntry *known = entry(route, view);
    const bool ask = mustAsk(route, view);
    if (known && lists(*known, model))
        return RouteChoice{.route = route, .model = model, .stale = ask ? QList<int>{route} : QList<int>{}};
    if (ask)
        return RouteQuestion{{route}};
    // An upstream that can't list its models may serve this one; if not, its own answer says so.
    if (!known || known->failure)
        return RouteChoice{.route = route, .model = model};
    return Error{.code = ErrorCode::RouteConflict,
                 .message = QStringLiteral("The route '%1' does not serve the model %2")
                                .arg(routes().at(route).key, quoted(model)),
                 .param = "model"};
}

RouteDecision RouteTable::firstOf(int route, const View &view) const
{
    const CatalogueEntry *known = entry(route, view);
    const bool ask = mustAsk(route, view);
    const QByteArray preferred = m_settings->model.defaultModel.toUtf8();
    if (known && known->listed) {
        RouteChoice choice{.route = route, .model = {}, .stale = ask ? QList<int>{route} : QList<int>{}};
        for (const ModelInfo &info : known->models) {
            if (!isAllowed(info.id))
                continue;
            if (choice.model.isEmpty() || isSameModel(info.id, preferred))
                choice.model = info.id;
        }
        if (!choice.model.isEmpty())
            return choice;
    }
    if (ask)
        return RouteQuestion{{route}};
    if (known && known->failure)
        return *known->failure;
    return Error{.code = ErrorCode::ModelNotFound,
                 .message =
                     QStringLiteral("The route '%1' lists no model; name one").arg(routes().at(route).key),
                 .param = "model"};
}

ModelListing RouteTable::listing(const CatalogueEntries &entries) const
{
    const View view{.entries = entries, .now = {}, .mayAsk = false};
    ModelListing listing;
    QHash<QByteArray, qsizetype> rows;
    for (int i = 0; i < routes().size(); ++i) {
        const QByteArray key = routes().at(i).key.toUtf8();
        const CatalogueEntry *known = entry(i, view);
        if (!known || known->failure) {
            listing.unavailable.append(key);
            continue;
        }
        for (const ModelInfo &info : known->models) {
            if (!isAllowed(info.id))
                continue;
            const auto row = rows.constFind(info.id);
            if (row == rows.constEnd()) {
                rows.insert(info.id, listing.models.size());
                listing.models.append({.info = info, .sources = {{key, known->latency}}});
            } else if (listing.models.at(*row).sources.last().routeKey != key) {
                listing.models[*row].sources.append({key, known->latency});
            }
        }
    }
    const RouteDecision first = decide({}, {}, view);
    if (const auto *choice = std::get_if<RouteChoice>(&first))
        listing.defaultModel = choice->model;
    return listing;
}

Error RouteTable::ambiguous(const QByteArray &model, const QList<int> &servers) const
{
    QStringList keys;
    for (const int route : servers)
        keys.append(routes().at(route).key);
    return {.code = ErrorCode::AmbiguousModel,
            .message = QStringLiteral("Several routes serve the model %1 (%2): name one as modelKey")
                           .arg(quoted(model), keys.join(QStringLiteral(", "))),
            .param = "modelKey"};
}

Error RouteTable::notFound(const QByteArray &model, const View &view) const
{
    constexpr qsizetype mostNamed = 20;
    QStringList names;
    QStringList silent;
    for (int i = 0; i < routes().size(); ++i) {
        const CatalogueEntry *known = entry(i, view);
        if (!known || known->failure)
            silent.append(routes().at(i).key);
        if (!known)
            continue;
        for (const ModelInfo &info : known->models) {
            if (isAllowed(info.id))
                names.append(QString::fromUtf8(info.id));
        }
    }
    names.removeDuplicates();
    QString message = QStringLiteral("The model %1 does not exist here").arg(quoted(model));
    if (!names.isEmpty())
        message += QStringLiteral("; there is ") +
                   names.first(std::min(names.size(), mostNamed)).join(QStringLiteral(", "));
    if (names.size() > mostNamed)
        message += QStringLiteral(" and %1 more").arg(names.size() - mostNamed);
    if (!silent.isEmpty())
        message += QStringLiteral(" (no list from: %1)").arg(silent.join(QStringLiteral(", ")));
    return {.code = ErrorCode::ModelNotFound, .message = message, .param = "model"};
}

} // namespace gatehouse
