// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/readiness.h"
#include "chat/chat_backend.h"
#include "config/settings.h"

#include <QHash>
#include <QObject>

#include <memory>

namespace gatehouse {

class Engine;

/// The engines of all local routes: one a route, shared by the lanes. Lives in the main thread. Empty where
/// the program was built without the engine; its settings then hold no local route.
class LocalModels : public QObject
{
    Q_OBJECT
public:
    /// `readiness` learns how many models are still loading.
    LocalModels(const Settings &settings, Log &log, Readiness &readiness);
    ~LocalModels() override;

    /// Begins to load all of them and returns at once.
    void load();

    /// A lane's own way to the model of a local route; null for any other. Called in the lane's thread, after
    /// the constructor.
    [[nodiscard]] Result<std::unique_ptr<ChatBackend>> backend(const RouteSettings &route) const;

private:
    void count();

    Readiness &m_readiness;
    QHash<QString, std::shared_ptr<Engine>> m_engines; ///< By route key; constant once constructed.
};

} // namespace gatehouse
