// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/unused_variables.h"

#include <QtGlobal>

namespace gatehouse {

const std::vector<UnusedVariable> &unusedVariables()
{
    static const std::vector<UnusedVariable> table = {
        {"SECRET_KEY", QT_TRANSLATE_NOOP("gatehouse::ConfigText", "access tokens")},
        {"ACCESS_TOKEN_EXPIRE_MINUTES", QT_TRANSLATE_NOOP("gatehouse::ConfigText", "access tokens")},
        {"DEMO_ADMIN_KEY", QT_TRANSLATE_NOOP("gatehouse::ConfigText", "key management")},
        {"DEMO_USER_KEY", QT_TRANSLATE_NOOP("gatehouse::ConfigText", "key management")},
        {"RATE_LIMIT_RPS", QT_TRANSLATE_NOOP("gatehouse::ConfigText", "limits per address")},
        {"RATE_LIMIT_BURST", QT_TRANSLATE_NOOP("gatehouse::ConfigText", "limits per address")},
        {"RATE_LIMIT_PER_MIN", QT_TRANSLATE_NOOP("gatehouse::ConfigText", "limits per address")},
        {"GEMMA_SECURITY_RATE_LIMIT_PER_MINUTE",
         QT_TRANSLATE_NOOP("gatehouse::ConfigText", "limits per address")},
        {"USE_REDIS", QT_TRANSLATE_NOOP("gatehouse::ConfigText", "limits per address")},
        {"REDIS_URL", QT_TRANSLATE_NOOP("gatehouse::ConfigText", "limits per address")},
        {"DATABASE_URL", QT_TRANSLATE_NOOP("gatehouse::ConfigText", "the database")},
        {"GEMMA_CACHE_ENABLED", QT_TRANSLATE_NOOP("gatehouse::ConfigText", "the response cache")},
        {"CACHE_ENABLED", QT_TRANSLATE_NOOP("gatehouse::ConfigText", "the response cache")},
        {"GEMMA_PERFORMANCE_PRECISION",
         QT_TRANSLATE_NOOP("gatehouse::ConfigText", "precision: a GGUF file has its own")},
    };
    return table;
}

} // namespace gatehouse
