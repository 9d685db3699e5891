// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace gatehouse {

/// A documented gatehouse.toml with every setting at its default, commented out. The same on every machine
/// and in every language, since the package ships it (resources/gatehouse.example.toml). Lines that are
/// settings begin with `#` alone, words with `# `.
[[nodiscard]] QString exampleConfig();

} // namespace gatehouse
