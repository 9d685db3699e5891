// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/access_control.h"

#include "store/key_repository.h"
#include "store/migrations.h"
#include "store/user_repository.h"

#include <QTimer>

namespace gatehouse {

Result<AccessRows> readAccessRows(Database &database)
{
    // The version first: a change in between makes these rows look older than they are, never newer.
    const Result<qint64> version = accessVersion(database);
    if (!version)
        return version.error();
    Result<QList<KeyRecord>> keys = KeyRepository(database).all();
    if (!keys)
        return keys.error();
    Result<QList<UserRecord>> users = UserRepository(database).all();
    if (!users)
        return users.error();
    return AccessRows{.version = *version, .keys = std::move(*keys), .users = std::move(*users)};
}

AccessControl::AccessControl(const AuthSettings &settings, const AccessSecrets &secrets, Store &store,
                             const Clock &clock)
    : m_settings(settings)
    , m_hasher(secrets.keyHash)
    , m_tokenSecret(secrets.tokens)
    , m_store(store)
    , m_clock(clock)
    , m_tokens(makeTokens())
    , m_gate(makeGate())
{
    connect(&store, &Store::accessChanged, this, &AccessControl::follow);
}

// A change is told once, and a revocation must not be missed because the database was away just then.
void AccessControl::follow()
{
    constexpr std::chrono::seconds pause(1);
    refresh(this, [this](const Result<void> &refreshed) {
        if (!refreshed)
            QTimer::singleShot(pause, this, &AccessControl::follow);
    });
}

void AccessControl::take(AccessRows rows)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_hasRows && rows.version <= m_rows.version)
            return;
        m_hasRows = true;
        m_rows = std::move(rows);
        m_gate.swap(makeGate());
    }
    Q_EMIT changed();
}

void AccessControl::reload(const AuthSettings &settings)
{
    {
        const std::lock_guard lock(m_mutex);
        m_settings = settings;
        m_tokens.swap(makeTokens());
        m_gate.swap(makeGate());
    }
    Q_EMIT changed();
}

void AccessControl::refresh(QObject *context, std::function<void(const Result<void> &)> done)
{
    // Among the writes, which are short: a revocation must not wait behind somebody's statistics.
    m_store.write<AccessRows>(context, &readAccessRows,
                              [this, done = std::move(done)](const Result<AccessRows> &rows) {
                                  if (!rows)
                                      return done(rows.error());
                                  take(*rows);
                                  done({});
                              });
}

std::shared_ptr<const TokenIssuer> AccessControl::makeTokens() const
{
    return std::make_shared<const TokenIssuer>(m_tokenSecret, m_settings.tokenLifetime, m_clock);
}

std::shared_ptr<const CredentialGate> AccessControl::makeGate() const
{
    auto keys = std::make_shared<const KeyRing>(m_settings, m_hasher, m_rows.keys, m_rows.users);
    return std::make_shared<const CredentialGate>(m_settings, std::move(keys), m_hasher, m_tokens.get(),
                                                  m_clock);
}

} // namespace gatehouse
