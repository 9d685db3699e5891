// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/access_secrets.h"
#include "admission/credential_gate.h"
#include "base/snapshot.h"
#include "store/store.h"

#include <QObject>

#include <mutex>

namespace gatehouse {

/// All keys and users of the database at one moment.
struct AccessRows
{
    qint64 version = 0; ///< accessVersion() when they were read.
    QList<KeyRecord> keys;
    QList<UserRecord> users;
};
[[nodiscard]] Result<AccessRows> readAccessRows(Database &database);

/// Keeps the credential gate in step with the database and the configuration. Lives in the main thread; all
/// members but the constructor may be called in any.
class AccessControl : public QObject
{
    Q_OBJECT
public:
    /// Store and clock outlive this.
    AccessControl(const AuthSettings &settings, const AccessSecrets &secrets, Store &store,
                  const Clock &clock);

    [[nodiscard]] std::shared_ptr<const CredentialGate> gate() const { return m_gate.get(); }
    [[nodiscard]] std::shared_ptr<const TokenIssuer> tokens() const { return m_tokens.get(); }
    [[nodiscard]] const KeyHasher &hasher() const { return m_hasher; }

    /// Takes over what was read; something older than what is known already is left alone.
    void take(AccessRows rows);
    /// Takes over changed settings. The secrets need a restart.
    void reload(const AuthSettings &settings);

    /// Reads keys and users again and then calls `done` in `context`'s thread, so that whoever is told of a
    /// change can rely on it at once.
    void refresh(QObject *context, std::function<void(const Result<void> &)> done);

Q_SIGNALS:
    /// The gate was swapped: whom it let in before may be unwelcome now. Emitted in any thread.
    void changed();

private:
    void follow();
    [[nodiscard]] std::shared_ptr<const TokenIssuer> makeTokens() const;
    [[nodiscard]] std::shared_ptr<const CredentialGate> makeGate() const;

    std::mutex m_mutex; ///< Guards settings and rows.
    AuthSettings m_settings;
    AccessRows m_rows;
    bool m_hasRows = false;
    const KeyHasher m_hasher;
    const Secret m_tokenSecret;
    Store &m_store;
    const Clock &m_clock;
    Snapshot<TokenIssuer> m_tokens;
    Snapshot<CredentialGate> m_gate;
};

} // namespace gatehouse
