// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTest>

/// Skips the test function where the server isn't installed; with CI=1 or CI=true in the environment that
/// fails instead, so that nothing is left out unnoticed. `Server` is PostgresServer or RedisServer.
#define GATEHOUSE_NEEDS_SERVER(Server)                                                                       \
    do {                                                                                                     \
        const QByteArray reasonItIsMissing = gatehouse::services::Server::whyMissing().toUtf8();             \
        const QByteArray ci = qgetenv("CI");                                                                 \
        if (!reasonItIsMissing.isEmpty() && (ci == "1" || ci == "true"))                                     \
            QFAIL(reasonItIsMissing.constData());                                                            \
        if (!reasonItIsMissing.isEmpty())                                                                    \
            QSKIP(reasonItIsMissing.constData());                                                            \
    } while (false)
