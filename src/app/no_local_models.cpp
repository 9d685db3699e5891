// SPDX-License-Identifier: GPL-3.0-or-later
// Takes the place of local_models.cpp where the program is built without the engine.
#include "app/local_models.h"

namespace gatehouse {

class Engine
{};

LocalModels::LocalModels(const Settings &, Log &log, Readiness &readiness)
    : m_log(log)
    , m_readiness(readiness)
    , m_models(std::make_shared<const Locals>())
{}

LocalModels::~LocalModels() = default;

void LocalModels::load() {}

void LocalModels::apply(const Settings &) {}

Result<std::unique_ptr<ChatBackend>> LocalModels::backend(const RouteSettings &) const
{
    return Error{.code = ErrorCode::NotImplemented,
                 .message = tr("This build has no engine for local models.")};
}

QList<LocalModels::Waiting> LocalModels::waiting() const
{
    return {};
}

QList<ModelInfo> LocalModels::models() const
{
    return {};
}

std::optional<LocalModelControl::Outcome> LocalModels::load(const QByteArray &)
{
    return {};
}

std::optional<LocalModelControl::Outcome> LocalModels::unload(const QByteArray &)
{
    return {};
}

} // namespace gatehouse
