// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/plain_http_client.h"
#include "backends/qnam_http_client.h"

#include <QCoreApplication>
#include <QTest>

namespace gatehouse {

using ClientMaker = std::unique_ptr<HttpClient> (*)();

inline std::unique_ptr<HttpClient> makeQnam()
{
    return std::make_unique<QnamHttpClient>();
}

inline std::unique_ptr<HttpClient> makePlain()
{
    return std::make_unique<PlainHttpClient>(makeQnam());
}

/// A test program's main: everything once with each client, which must behave alike.
template <typename Test>
int testBothClients(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    Test qnam(&makeQnam);
    Test plain(&makePlain);
    return QTest::qExec(&qnam, argc, argv) + QTest::qExec(&plain, argc, argv);
}

} // namespace gatehouse
