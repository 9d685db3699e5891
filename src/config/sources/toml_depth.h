// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

namespace gatehouse {

/// Whether a TOML text has so few dots outside strings and comments that the tree which its dotted keys make
/// is shallow. toml++ before 3.4 bounds the depth of brackets only, and takes down a tree by recursion: a
/// mebibyte of `a.a.a.…` would overrun the stack. Pure.
[[nodiscard]] bool isTomlShallow(QByteArrayView text);

} // namespace gatehouse
