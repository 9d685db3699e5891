// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/unused_variables.h"

#include <QtGlobal>

namespace gatehouse {

const std::vector<UnusedVariable> &unusedVariables()
{
    static const std::vector<UnusedVariable> table = {
        {"GEMMA_PERFORMANCE_PRECISION",
         QT_TRANSLATE_NOOP("gatehouse::ConfigText", "precision: a GGUF file has its own")},
    };
    return table;
}

} // namespace gatehouse
