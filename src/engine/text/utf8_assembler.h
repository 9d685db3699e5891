// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace gatehouse {

/// Makes valid UTF-8 of bytes that come in arbitrary pieces: a token may end inside a code point, and a model
/// may say bytes that are no UTF-8 at all. Decodes as browsers do (WHATWG Encoding, "UTF-8 decode"): each
/// maximal ill-formed part becomes one U+FFFD.
class Utf8Assembler
{
public:
    /// All the text that is certain by now. Up to three bytes stay behind until their code point is complete.
    [[nodiscard]] QByteArray push(QByteArrayView bytes);

    /// The end: what stayed behind is incomplete for good.
    [[nodiscard]] QByteArray finish();

private:
    QByteArray m_held;
};

} // namespace gatehouse
