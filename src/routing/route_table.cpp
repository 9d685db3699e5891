// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/route_table.h"

#include <algorithm>
#include <numeric>

namespace gatehouse {

namespace {

/// A caller's text inside a message: short enough to be one.
QString quoted(const QByteArray &text)
{
    constexpr qsizetype longest = 200;
    QString shown = QString::fromUtf8(text.first(std::min(text.size(), longest)));
    if (text.size() > longest)
        shown += QChar(u'…');
    return QStringLiteral("'%1'").arg(shown);
}

} // namespace

bool isSameModel(QByteArrayView a, QByteArrayView b)
{
    return canonicalModelName(a) == canonicalModelName(b);
}

bool mayUse(const QStringList &allowed, QByteArrayView model)
{
    return allowed.isEmpty() || std::any_of(allowed.begin(), allowed.end(), [&](const QString &name) {
               return isSameModel(name.toUtf8(), model);
           });
}

RouteTable::RouteTable(SettingsPtr settings)
    : m_settings(std::move(settings))
    , m_index(*m_settings)
    , m_all(m_settings->routes.size())
    , m_defaultModel(m_settings->model.defaultModel.toUtf8())
{
    std::iota(m_all.begin(), m_all.end(), 0);
    if (!m_all.isEmpty()) {
        const QList<int> named = m_index.named(m_settings->model.defaultRouteKey.toUtf8());
        m_defaultDestination = m_index.destination(named.value(0, 0));
    }
    const auto &lists = m_settings->routing.fallbacks;
    for (auto list = lists.cbegin(); list != lists.cend(); ++list)
        m_fallbacks.insert(canonicalModelName(list.key().toUtf8()).toByteArray(),
                           parseFallbacks(list.value()));
}

QList<FallbackModel> RouteTable::parseFallbacks(const QStringList &list) const
{
    QList<FallbackModel> parsed;
    for (const QString &text : list) {
        const QByteArray entry = text.toUtf8();
        const qsizetype colon = entry.indexOf(':');
        // Models have colons in their names, too (`qwen3:0.6b`).
        const bool namesRoute = colon > 0 && !m_index.named(entry.first(colon)).isEmpty();
        FallbackModel model{.model = namesRoute ? entry.sliced(colon + 1) : entry};
        if (namesRoute)
            model.routeKey = entry.first(colon).toLower();
        if (!model.model.isEmpty())
            parsed.append(model);
    }
    return parsed;
}

QList<FallbackModel> RouteTable::fallbacks(const QByteArray &model, bool isServed) const
{
    const auto own = m_fallbacks.constFind(canonicalModelName(model).toByteArray());
    if (own == m_fallbacks.constEnd() && !isServed)
        return {};
    QList<FallbackModel> models = own != m_fallbacks.constEnd() ? *own : m_fallbacks.value("*");
    models.removeIf([&model](const FallbackModel &entry) {
        return entry.routeKey.isEmpty() && isSameModel(entry.model, model);
    });
    models.resize(std::min(models.size(), mostFallbacks));
    return models;
}

const CatalogueEntry *RouteTable::entry(int route, const View &view) const
{
    if (const CatalogueEntry *written = configured(route))
        return written;
    const auto known = view.entries.constFind(key(route));
    return known == view.entries.constEnd() ? nullptr : known->get();
}

bool RouteTable::isOld(int route, const View &view) const
{
    if (configured(route))
        return false;
    const CatalogueEntry *known = entry(route, view);
    return !known || !Catalogue::isFresh(*known, view.now);
}

RouteDecision RouteTable::decide(const QByteArray &model, const QByteArray &routeKey, const View &view) const
{
    if (routes().isEmpty())
        return Error{.code = ErrorCode::ModelNotFound,
                     .message = QStringLiteral("No route is configured"),
                     .param = "model"};
    const QByteArray &wanted = model.isEmpty() && routeKey.isEmpty() ? m_defaultModel : model;
    if (!wanted.isEmpty() && !isAllowed(wanted))
        return Error{.code = ErrorCode::Forbidden,
                     .message = QStringLiteral("The model %1 is not allowed here").arg(quoted(wanted)),
                     .param = "model"};
    if (!routeKey.isEmpty()) {
        const QList<int> named = m_index.named(routeKey);
        if (!named.isEmpty())
            return wanted.isEmpty() ? firstOf(named, view) : byMembers(named, wanted, view);
        return Error{.code = ErrorCode::ModelNotFound,
                     .message = QStringLiteral("There is no route %1").arg(quoted(routeKey)),
                     .param = "modelKey"};
    }
    if (wanted.isEmpty())
        return firstOf(m_defaultDestination, view);
    // The only route's upstream knows best what it serves, under which names it lists it or not.
    if (routes().size() == 1 && !configured(0) && routes().first().kind != RouteKind::Local)
        return RouteChoice{.routes = {0}, .model = wanted};
    RouteDecision decision = byModel(wanted, model.isEmpty() ? m_defaultDestination.first() : -1, view);
    const auto *error = std::get_if<Error>(&decision);
    // A default that nothing here serves (another server's setting was kept) must not answer everybody by
    // 404.
    if (error && error->code == ErrorCode::ModelNotFound && wanted == m_defaultModel)
        return firstOf(m_defaultDestination, view);
    return decision;
}

RouteTable::Survey RouteTable::survey(const QList<int> &among, const QByteArray &model,
                                      const View &view) const
{
    Survey survey;
    for (const int route : among) {
        const CatalogueEntry *known = entry(route, view);
        if (!known)
            survey.unasked.append(route);
        if (view.mayAsk && !configured(route) && (!known || !Catalogue::isFresh(*known, view.now)))
            survey.old.append(route);
        if (known && known->find(model))
            survey.servers.append(route);
        survey.anyList = survey.anyList || (known && !known->failure);
    }
    if (survey.servers.size() > 1)
        survey.servers = m_index.withoutTwins(survey.servers);
    return survey;
}

// Whether there is one destination, and none that was never asked could be another.
bool RouteTable::isSettled(const Survey &survey, const View &view) const
{
    if (survey.servers.isEmpty())
        return false;
    const int server = survey.servers.first();
    const auto isElsewhere = [this, server](int route) {
        return !m_index.isSameDestination(route, server);
    };
    const auto mayBeAnother = [&](int route) {
        return isElsewhere(route) && std::none_of(survey.servers.begin(), survey.servers.end(),
                                                  [&](int other) { return m_index.areTwins(route, other); });
    };
    return std::none_of(survey.servers.begin(), survey.servers.end(), isElsewhere) &&
           (!view.mayAsk || std::none_of(survey.unasked.begin(), survey.unasked.end(), mayBeAnother));
}

// `preferred` (−1: none): its destination wins where several serve the model.
RouteDecision RouteTable::byModel(const QByteArray &model, int preferred, const View &view) const
{
    const Survey survey = this->survey(m_all, model, view);
    if (isSettled(survey, view))
        return RouteChoice{.routes = survey.servers, .model = model, .stale = survey.old};
    if (preferred >= 0) {
        QList<int> routes;
        for (const int route : survey.servers) {
            if (m_index.isSameDestination(route, preferred) || m_index.areTwins(route, preferred))
                routes.append(route);
        }
        if (!routes.isEmpty())
            return RouteChoice{.routes = routes, .model = model, .stale = survey.old};
    }
    if (!survey.old.isEmpty())
        return RouteQuestion{survey.old};
    return survey.servers.isEmpty() ? notFound(model, view) : ambiguous(model, survey.servers);
}

// A route that was named, or a pool.
RouteDecision RouteTable::byMembers(const QList<int> &members, const QByteArray &model,
                                    const View &view) const
{
    const Survey survey = this->survey(members, model, view);
    if (!survey.servers.isEmpty())
        return RouteChoice{.routes = survey.servers, .model = model, .stale = survey.old};
    if (!survey.old.isEmpty())
        return RouteQuestion{survey.old};
    // An upstream that can't list its models may serve this one; if not, its own answer says so.
    if (!survey.anyList)
        return RouteChoice{.routes = m_index.withoutTwins(members), .model = model};
    return Error{.code = ErrorCode::RouteConflict,
                 .message =
                     QStringLiteral("%1 does not serve the model %2").arg(nameOf(members), quoted(model)),
                 .param = "model"};
}

// The default model where one of these lists it, else the first model that one of them lists; empty: none.
QByteArray RouteTable::firstModel(const QList<int> &members, const View &view) const
{
    QByteArray first;
    for (const int route : members) {
        const CatalogueEntry *known = entry(route, view);
        if (!known || !known->listed)
            continue;
        const ModelInfo *preferred = m_defaultModel.isEmpty() ? nullptr : known->find(m_defaultModel);
        if (preferred && isAllowed(preferred->id))
            return preferred->id;
        for (qsizetype i = 0; first.isEmpty() && i < known->models.size(); ++i) {
            if (isAllowed(known->models.at(i).id))
                first = known->models.at(i).id;
        }
    }
    return first;
}

RouteDecision RouteTable::firstOf(const QList<int> &members, const View &view) const
{
    const QByteArray model = firstModel(members, view);
    const Survey survey = this->survey(members, model, view);
    if (!model.isEmpty())
        return RouteChoice{.routes = survey.servers, .model = model, .stale = survey.old};
    if (!survey.old.isEmpty())
        return RouteQuestion{survey.old};
    for (const int route : members) {
        const CatalogueEntry *known = entry(route, view);
        if (known && known->failure)
            return *known->failure;
    }
    return Error{.code = ErrorCode::ModelNotFound,
                 .message = QStringLiteral("%1 lists no model; name one").arg(nameOf(members)),
                 .param = "model"};
}

ModelListing RouteTable::listing(const CatalogueEntries &entries) const
{
    const View view{.entries = entries, .now = {}, .mayAsk = false};
    ModelListing listing;
    QHash<QByteArray, qsizetype> rows;
    for (int i = 0; i < routes().size(); ++i) {
        const QByteArray &key = this->key(i);
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
                listing.models.append({.info = described(i, info, view), .sources = {{key, known->latency}}});
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

// What the operator wrote down is a name only; the upstream may have told more.
ModelInfo RouteTable::described(int route, const ModelInfo &info, const View &view) const
{
    if (!configured(route))
        return info;
    const auto asked = view.entries.constFind(key(route));
    const ModelInfo *known =
        asked == view.entries.constEnd() ? nullptr : (*asked)->find(upstreamName(route, info.id));
    ModelInfo described = known ? *known : info;
    described.id = info.id;
    return described;
}

QString RouteTable::nameOf(const QList<int> &members) const
{
    const int first = members.first();
    return members.size() == 1 ? QStringLiteral("The route '%1'").arg(QString::fromUtf8(key(first)))
                               : QStringLiteral("The pool '%1'").arg(routes().at(first).pool);
}

Error RouteTable::ambiguous(const QByteArray &model, const QList<int> &servers) const
{
    QStringList names;
    for (const int route : servers) {
        const RouteSettings &server = routes().at(route);
        names.append(server.pool.isEmpty() ? server.key : server.pool);
    }
    names.removeDuplicates();
    return {.code = ErrorCode::AmbiguousModel,
            .message = QStringLiteral("Several routes serve the model %1 (%2): name one as modelKey")
                           .arg(quoted(model), names.join(QStringLiteral(", "))),
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
