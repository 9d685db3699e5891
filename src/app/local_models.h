// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/local_model_control.h"
#include "api/readiness.h"
#include "base/snapshot.h"
#include "chat/chat_backend.h"
#include "config/settings.h"

#include <QObject>
#include <QPointer>
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
    /// `readiness` learns how many of these models are still loading for the first time. What comes later,
    /// what an operator unloads, and what is loaded again, does not count: all others serve, and a request to
    /// it waits, and is answered.
    LocalModels(const Settings &settings, Log &log, Readiness &readiness);
    ~LocalModels() override;

    /// Begins to load all of them and returns at once.
    void load();

    /// Takes over the local routes of new settings. Models that stay are left alone, new ones begin to load;
    /// those that are gone answer what they have been asked, and then their memory is freed.
    void apply(const Settings &settings);

    /// A thread's own way to the model of a local route; an error for any other.
    [[nodiscard]] Result<std::unique_ptr<ChatBackend>> backend(const RouteSettings &route) const;

    /// Requests in an engine's own queue.
    struct Waiting
    {
        QByteArray routeKey;
        QByteArray model; ///< Its first name.
        int requests = 0;
    };
    [[nodiscard]] QList<Waiting> waiting() const; ///< Any thread.

    [[nodiscard]] QList<ModelInfo> models() const override;
    std::optional<Outcome> load(const QByteArray &id) override;
    std::optional<Outcome> unload(const QByteArray &id) override;

Q_SIGNALS:
    /// The model of this route is loaded, for the first time or again.
    void ready(const QByteArray &routeKey);

private:
    struct Local
    {
        RouteSettings route;
        QList<QByteArray> names;        ///< Under which it may be asked for; at least one.
        std::shared_ptr<Engine> engine; ///< Freed in the main thread, whoever lets go of it last.
    };
    using Locals = QList<Local>;

    [[nodiscard]] Local make(const RouteSettings &route, const ModelSettings &settings);
    void start(const Local &model);
    void onStatus(const Engine *engine);
    void countStarting();
    [[nodiscard]] std::optional<Outcome> command(const QByteArray &id, bool (Engine::*order)());

    Log &m_log;
    Readiness &m_readiness;
    Snapshot<Locals> m_models;
    QList<QPointer<QObject>> m_engines; ///< All that were ever made and may still live.
    QSet<const Engine *> m_starting;    ///< Those of the start whose first load has not ended.
};

} // namespace gatehouse
