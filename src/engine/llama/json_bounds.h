// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

namespace gatehouse {

/// Whether JSON text is small and flat enough to be handed to code that recurses over it (templates,
/// grammars). Counts brackets outside strings; that the text is JSON at all is for others to tell.
[[nodiscard]] bool isModestJson(QByteArrayView json, qsizetype mostBytes = 256 * 1024, int mostLevels = 64);

} // namespace gatehouse
