// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/store_thread.h"

#include "store/store_task.h"

#include <QCoreApplication>

#include <pthread.h>

#include <csignal>

namespace gatehouse {

void becomeStoreThread(const char *name)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pthread_setname_np(pthread_self(), name);
}

Error databaseAway()
{
    return {ErrorCode::Overloaded,
            QCoreApplication::translate("Store", "The database can't be reached just now."),
            {},
            {},
            {},
            0,
            std::chrono::seconds(5)};
}

} // namespace gatehouse
