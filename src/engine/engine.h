// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"
#include "chat/chat_request.h"
#include "chat/chat_stream.h"
#include "engine/engine_options.h"
#include "engine/engine_status.h"

namespace gatehouse {

class EngineWorker;

/// A model in this process, with a thread of its own. Requests go in as values from any thread; each answer's
/// events come out in the thread that asked.
///
/// Before the process starts, set GOMP_SPINCOUNT=1000: libgomp reads it when it is loaded, and without it a
/// busy neighbour slows an answer down to a fifth. (GGML_NO_BACKTRACE is set by the engine itself.)
class Engine : public QObject
{
    Q_OBJECT
public:
    /// `log` must outlive the engine.
    Engine(EngineOptions options, Log &log, QObject *parent = nullptr);

    /// Waits for the step under way, which is interrupted. Answers that are not complete fail.
    ~Engine() override;

    /// Any thread. Begins to load the model and returns at once; statusChanged() tells how it goes. A model
    /// that could not be loaded is tried again. False: it is loaded, or being loaded, already.
    bool load();

    /// Any thread. Frees the model's memory, within a step's time. Requests that wait or are being answered
    /// fail now (Overloaded); later ones load the model again. False: it is not loaded.
    bool unload();

    /// Any thread.
    [[nodiscard]] EngineStatus status() const;
    [[nodiscard]] QByteArray name() const;
    [[nodiscard]] int waiting() const; ///< Requests that wait for their turn. Any thread.

    /// Any thread that has an event loop. A conversation, a prompt, or texts to embed. Requests wait for
    /// their turn in order of arrival, also while the model loads, which the first one sets going; embeddings
    /// take turns with answers, and with each other after every text. Too many that wait: Overloaded. The
    /// model could not be loaded: UpstreamUnreachable.
    [[nodiscard]] ChatStreamPtr open(const ChatRequest &request);

Q_SIGNALS:
    void statusChanged();

private:
    std::shared_ptr<EngineWorker> m_worker;
};

} // namespace gatehouse
