// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/config_sources.h"

namespace gatehouse {

/// `gatehouse doctor [ROUTE]`
struct DoctorCommand
{
    CommandLineSettings settings;
    QString route; ///< Its key; empty: all of them.
};

} // namespace gatehouse
