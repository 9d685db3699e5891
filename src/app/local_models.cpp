// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/local_models.h"

#include "backends/local_backend.h"
#include "engine/demo_model.h"
#include "engine/engine.h"
#include "routing/route_table.h"

#include <QCoreApplication>
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
    : m_log(log)
    , m_readiness(readiness)
    , m_models(std::make_shared<const Locals>())
{
    Locals models;
    for (const RouteSettings &route : settings.routes) {
        if (route.kind == RouteKind::Local)
            models.append(make(route, settings.model));
    }
    for (const Local &model : std::as_const(models))
        m_starting.insert(model.engine.get());
    countStarting();
    m_models.swap(std::make_shared<const Locals>(models));
}

LocalModels::~LocalModels()
{
    m_models.swap(std::make_shared<const Locals>());
    // The lanes have ended; nobody else is going to run what deleteLater() left to the event loop.
    for (const QPointer<QObject> &engine : std::as_const(m_engines)) {
        if (engine)
            QCoreApplication::sendPostedEvents(engine, QEvent::DeferredDelete);
    }
}

LocalModels::Local LocalModels::make(const RouteSettings &route, const ModelSettings &settings)
{
    // Whoever lets go of it last may be a lane, which must not wait for the engine's thread to end.
    const std::shared_ptr<Engine> engine(new Engine(optionsFor(route, settings), m_log),
                                         [](Engine *ended) { ended->deleteLater(); });
    m_engines.removeIf([](const QPointer<QObject> &known) { return !known; });
    m_engines.append(QPointer<QObject>(engine.get()));
    return {.route = route, .names = namesOf(route, *engine), .engine = engine};
}

void LocalModels::load()
{
    for (const Local &model : *m_models.get())
        start(model);
}

void LocalModels::start(const Local &model)
{
    Engine *engine = model.engine.get();
    connect(engine, &Engine::statusChanged, this, [this, engine] { onStatus(engine); });
    engine->load();
}

void LocalModels::apply(const Settings &settings)
{
    const auto before = m_models.get();
    Locals models;
    Locals added;
    for (const RouteSettings &route : settings.routes) {
        if (route.kind != RouteKind::Local)
            continue;
        const auto same = std::ranges::find_if(*before, [&route](const Local &known) {
            return known.route.key == route.key && known.route.path == route.path &&
                   known.route.models == route.models;
        });
        if (same != before->end()) {
            models.append(*same);
            continue;
        }
        added.append(make(route, settings.model));
        models.append(added.last());
    }
    m_models.swap(std::make_shared<const Locals>(models));
    for (const Local &gone : *before) {
        if (std::ranges::find(models, gone.engine, &Local::engine) == models.end())
            m_starting.remove(gone.engine.get());
    }
    countStarting();
    for (const Local &model : std::as_const(added))
        start(model);
}

void LocalModels::onStatus(const Engine *engine)
{
    const EngineState state = engine->status().state;
    if (state != EngineState::Loading)
        m_starting.remove(engine);
    countStarting();
    if (state != EngineState::Ready)
        return;
    const auto models = m_models.get();
    const auto model =
        std::ranges::find_if(*models, [engine](const Local &known) { return known.engine.get() == engine; });
    if (model != models->end())
        Q_EMIT ready(model->route.key.toUtf8());
}

void LocalModels::countStarting()
{
    m_readiness.modelsLoading = static_cast<int>(m_starting.size());
}

Result<std::unique_ptr<ChatBackend>> LocalModels::backend(const RouteSettings &route) const
{
    const auto models = m_models.get();
    const auto found =
        std::ranges::find_if(*models, [&route](const Local &known) { return known.route.key == route.key; });
    if (found != models->end())
        return std::unique_ptr<ChatBackend>(std::make_unique<LocalBackend>(found->engine));
    return Error{.code = ErrorCode::Internal, .message = tr("The route has no model.")};
}

QList<LocalModels::Waiting> LocalModels::waiting() const
{
    QList<Waiting> waiting;
    for (const Local &model : *m_models.get())
        waiting.append({.routeKey = model.route.key.toUtf8(),
                        .model = model.names.first(),
                        .requests = model.engine->waiting()});
    return waiting;
}

QList<ModelInfo> LocalModels::models() const
{
    const auto models = m_models.get();
    QList<ModelInfo> rows;
    for (const Local &model : *models) {
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
    const auto models = m_models.get();
    std::optional<Outcome> outcome;
    for (const Local &model : *models) {
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
