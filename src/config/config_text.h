// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QCoreApplication>

namespace gatehouse {

/// The translation context of what the configuration says to people.
class ConfigText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::ConfigText)
};

} // namespace gatehouse
