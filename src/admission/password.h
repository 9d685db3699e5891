// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <QObject>

#include <functional>
#include <memory>

namespace gatehouse {

/// Argon2id (RFC 9106) in the PHC string format, with libsodium's limits for interactive logins (64 MiB,
/// about 100 ms of a core): never to be called in a lane.
[[nodiscard]] Result<QByteArray> hashPassword(const Secret &password);
/// An empty hash takes as long as a real one and never matches, so that the time doesn't tell who exists.
[[nodiscard]] bool verifyPassword(const QByteArray &hash, const Secret &password);
/// What a password must be: 8 to 1,024 bytes. Error: InvalidRequest, param `password`.
[[nodiscard]] Result<void> checkPassword(const Secret &password);

/// One thread that hashes and verifies passwords for the lanes, one at a time.
class PasswordWorker
{
public:
    PasswordWorker();
    ~PasswordWorker(); ///< Waits for the one at work; those that wait are dropped.
    Q_DISABLE_COPY_MOVE(PasswordWorker)

    /// Verifies (or hashes) in the worker's thread and calls `done` in the thread of `context`, which is the
    /// caller's, unless `context` has gone by then; `done` is then destroyed in the worker's thread, so it
    /// owns nothing that is bound to one. False: 16 are waiting already. Thread-safe.
    [[nodiscard]] bool verify(const QByteArray &hash, const Secret &password, QObject *context,
                              std::function<void(bool)> done);
    [[nodiscard]] bool hash(const Secret &password, QObject *context,
                            std::function<void(Result<QByteArray>)> done);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse
