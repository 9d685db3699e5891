// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/local_model_control.h"
#include "api/readiness.h"
#include "chat/chat_backend.h"
#include "config/settings.h"

#include <QHash>
#include <QObject>
#include <QSet>

#include <functional>
#include <memory>

namespace gatehouse {

class Engine;

/// The engines of all local routes: one a route, shared by the lanes. Lives in the main thread; what
/// LocalModelControl has may be called from any. Empty where the program was built without the engine; its
/// settings then hold no local route.
class LocalModels : public QObject, public LocalModelControl
{
    Q_OBJECT
public:
    /// `readiness` learns how many models are still loading for the first time. What an operator unloads, and
    /// what is loaded again, does not count: a request to it waits, and is answered.
    LocalModels(const Settings &settings, Log &log, Readiness &readiness);
    ~LocalModels() override;

    /// Begins to load all of them and returns at once.
    void load();

    /// A lane's own way to the model of a local route; null for any other. Called in the lane's thread, after
    /// the constructor.
    [[nodiscard]] Result<std::unique_ptr<ChatBackend>> backend(const RouteSettings &route) const;

    /// How many requests wait for each model, by its first name. Any thread.
    [[nodiscard]] QList<std::pair<QByteArray, int>> waiting() const;

    [[nodiscard]] QList<ModelInfo> models() const override;
    std::optional<Outcome> load(const QByteArray &id) override;
    std::optional<Outcome> unload(const QByteArray &id) override;

private:
    /// Constant once constructed.
    struct Local
    {
        QString routeKey;
        QList<QByteArray> names; ///< Under which it may be asked for; at least one.
        std::shared_ptr<Engine> engine;
    };

    void count(const Engine *engine);
    [[nodiscard]] std::optional<Outcome> command(const QByteArray &id, bool (Engine::*order)());

    Readiness &m_readiness;
    QList<Local> m_models;
    QSet<const Engine *> m_starting; ///< Those whose first load has not ended.
};

} // namespace gatehouse
