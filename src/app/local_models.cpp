// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/local_models.h"

#include "backends/local_backend.h"
#include "engine/demo_model.h"
#include "engine/engine.h"
#include "routing/route_table.h"

#include <QFileInfo>

#include <algorithm>

namespace gatehouse {

namespace {

EngineOptions optionsFor(const RouteSettings &route, const ModelSettings &settings)
{
    EngineOptions options{.name = demoModelName,
                          .path = route.path,
                          .contextLength = settings.contextLength,
                          .threads = settings.threads,
                          .gpuLayers = settings.gpuLayers,
                          .queueLimit = settings.queueLimit};
    if (route.path.isEmpty())
        options.bytes = demoModel();
    else if (!route.models.isEmpty())
        options.name = route.models.first().toUtf8();
    else
        options.name = QFileInfo(route.path).completeBaseName().toUtf8();
    return options;
}

QList<QByteArray> namesOf(const RouteSettings &route, const Engine &engine)
{
    QList<QByteArray> names;
    for (const QString &name : route.models)
        names.append(name.toUtf8());
    return names.isEmpty() ? QList<QByteArray>{engine.name()} : names;
}

const char *word(EngineState state)
{
    switch (state) {
    case EngineState::Idle:
        return "unloaded";
    case EngineState::Loading:
        return "loading";
    case EngineState::Ready:
        return "ready";
    case EngineState::Failed:
        return "failed";
    }
    Q_UNREACHABLE();
}

} // namespace

LocalModels::LocalModels(const Settings &settings, Log &log, Readiness &readiness)
    : m_readiness(readiness)
{
    for (const RouteSettings &route : settings.routes) {
        if (route.kind != RouteKind::Local)
            continue;
        auto engine = std::make_shared<Engine>(optionsFor(route, settings.model), log);
        m_models.append({.routeKey = route.key, .names = namesOf(route, *engine), .engine = engine});
        m_starting.insert(engine.get());
    }
    m_readiness.modelsLoading = static_cast<int>(m_starting.size());
}

LocalModels::~LocalModels() = default;

void LocalModels::load()
{
    for (const Local &model : std::as_const(m_models)) {
        Engine *engine = model.engine.get();
        connect(engine, &Engine::statusChanged, this, [this, engine] { count(engine); });
        engine->load();
    }
}

void LocalModels::count(const Engine *engine)
{
    if (engine->status().state != EngineState::Loading)
        m_starting.remove(engine);
    m_readiness.modelsLoading = static_cast<int>(m_starting.size());
}

Result<std::unique_ptr<ChatBackend>> LocalModels::backend(const RouteSettings &route) const
{
    const auto found = std::ranges::find(m_models, route.key, &Local::routeKey);
    if (found != m_models.end())
        return std::unique_ptr<ChatBackend>(std::make_unique<LocalBackend>(*found->engine));
    return Error{.code = ErrorCode::Internal, .message = tr("The route has no model.")};
}

QList<std::pair<QByteArray, int>> LocalModels::waiting() const
{
    QList<std::pair<QByteArray, int>> waiting;
    for (const Local &model : m_models)
        waiting.emplaceBack(model.names.first(), model.engine->waiting());
    return waiting;
}

QList<ModelInfo> LocalModels::models() const
{
    QList<ModelInfo> rows;
    for (const Local &model : m_models) {
        const EngineStatus status = model.engine->status();
        ModelInfo row{
            .ownedBy = "gatehouse", .contextLength = status.contextLength, .status = word(status.state)};
        if (status.state == EngineState::Loading)
            row.progress = status.loaded;
        for (const QByteArray &name : model.names) {
            row.id = name;
            rows.append(row);
        }
    }
    return rows;
}

std::optional<LocalModelControl::Outcome> LocalModels::load(const QByteArray &id)
{
    return command(id, &Engine::load);
}

std::optional<LocalModelControl::Outcome> LocalModels::unload(const QByteArray &id)
{
    return command(id, &Engine::unload);
}

/// Several routes may run a model of one name; the order is for all of them.
std::optional<LocalModelControl::Outcome> LocalModels::command(const QByteArray &id, bool (Engine::*order)())
{
    std::optional<Outcome> outcome;
    for (const Local &model : std::as_const(m_models)) {
        const bool isMeant =
            std::ranges::any_of(model.names, [&id](const QByteArray &name) { return isSameModel(name, id); });
        if (!isMeant)
            continue;
        const bool hasChanged = (model.engine.get()->*order)() || (outcome && outcome->hasChanged);
        outcome = Outcome{.hasChanged = hasChanged, .status = word(model.engine->status().state)};
    }
    return outcome;
}

} // namespace gatehouse
