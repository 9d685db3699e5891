// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

namespace gatehouse {

/// What the built-in model is called.
inline constexpr char demoModelName[] = "gatehouse-demo";

/// The built-in model as a GGUF file's content, for EngineOptions::bytes. Lives as long as the process.
[[nodiscard]] QByteArrayView demoModel();

} // namespace gatehouse
