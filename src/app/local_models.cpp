// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/local_models.h"

#include "backends/local_backend.h"
#include "engine/demo_model.h"
#include "engine/engine.h"

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

bool isLoading(const Engine &engine)
{
    const EngineState state = engine.status().state;
    return state == EngineState::Idle || state == EngineState::Loading;
}

} // namespace

LocalModels::LocalModels(const Settings &settings, Log &log, Readiness &readiness)
    : m_readiness(readiness)
{
    for (const RouteSettings &route : settings.routes) {
        if (route.kind == RouteKind::Local)
            m_engines.insert(route.key, std::make_shared<Engine>(optionsFor(route, settings.model), log));
    }
    m_readiness.modelsLoading = static_cast<int>(m_engines.size());
}

LocalModels::~LocalModels() = default;

void LocalModels::load()
{
    for (const auto &engine : std::as_const(m_engines)) {
        connect(engine.get(), &Engine::statusChanged, this, &LocalModels::count);
        engine->load();
    }
}

void LocalModels::count()
{
    const auto loading = std::count_if(m_engines.begin(), m_engines.end(),
                                       [](const auto &engine) { return isLoading(*engine); });
    m_readiness.modelsLoading = static_cast<int>(loading);
}

Result<std::unique_ptr<ChatBackend>> LocalModels::backend(const RouteSettings &route) const
{
    if (const auto engine = m_engines.value(route.key))
        return std::unique_ptr<ChatBackend>(std::make_unique<LocalBackend>(*engine));
    return Error{.code = ErrorCode::Internal, .message = tr("The route has no model.")};
}

} // namespace gatehouse
