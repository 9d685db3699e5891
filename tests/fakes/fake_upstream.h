// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fakes/behaviour.h"
#include "fakes/journal.h"
#include "fakes/script.h"

#include <QList>
#include <QThread>
#include <QUrl>

#include <memory>

namespace gatehouse::fakes {

class Listener;

/// An upstream on a loopback port of its own that speaks OpenAI's API (`/v1/…`) and Ollama's (`/api/…`), as
/// well or as badly as it is told to, and keeps a record of what it saw.
///
///     FakeUpstream upstream;                                    // healthy: 16 tokens
///     upstream.setDefaults(behave("tokens=50,interval=10"));
///     upstream.answerNext(behave("status=503,retry_after=1"));  // the next POST alone
///     … connect to upstream.openAiUrl() …
///     QTRY_COMPARE(upstream.requests().last().ending, Ending::ClientLeft);
class FakeUpstream
{
public:
    enum class Runs {
        InCallersThread, ///< Needs the caller's event loop to spin.
        InOwnThread,     ///< Answers while the caller is busy or its loop is measured.
    };

    /// Listens when it returns. `port` 0: any free one.
    explicit FakeUpstream(const Behaviour &defaults = {}, Runs runs = Runs::InCallersThread,
                          quint16 port = 0);
    ~FakeUpstream();
    Q_DISABLE_COPY_MOVE(FakeUpstream)

    [[nodiscard]] bool isListening() const; ///< Whether the constructor got its port.
    [[nodiscard]] quint16 port() const { return m_port; }
    [[nodiscard]] QUrl openAiUrl() const; ///< With `/v1`.
    [[nodiscard]] QUrl ollamaUrl() const; ///< The root.

    void setDefaults(const Behaviour &defaults) { m_script.setDefaults(defaults); }
    /// For the next POST that has no such entry yet; then the defaults hold again. (Probes ask for the models
    /// at any time.)
    void answerNext(const Behaviour &behaviour) { m_script.append(behaviour); }
    void setModels(const QList<QByteArray> &models) { m_script.setModels(models); }

    void refuse();           ///< Connections are refused from now on; those that exist live on.
    void accept();           ///< Listens again, on the same port.
    void resetConnections(); ///< RST on all connections.

    [[nodiscard]] QList<SeenRequest> requests() const { return m_journal.requests(); }
    [[nodiscard]] Totals totals() const { return m_journal.totals(); }
    void forget() { m_journal.clear(); }

private:
    template <typename F>
    void inItsThread(F &&action);

    Script m_script;
    Journal m_journal;
    QThread m_thread; ///< Runs only for Runs::InOwnThread.
    std::unique_ptr<Listener> m_listener;
    quint16 m_port = 0;
};

/// parseBehaviour() for tests: a mistake ends the program.
[[nodiscard]] Behaviour behave(QByteArrayView specification);

} // namespace gatehouse::fakes
