// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/text/utf8_assembler.h"

namespace gatehouse {

namespace {

constexpr char replacement[] = "\xEF\xBF\xBD";

uchar byteAt(QByteArrayView bytes, qsizetype i)
{
    return static_cast<uchar>(bytes[i]);
}

struct Sequence
{
    qsizetype length = 0; ///< Bytes of the code point, or of the ill-formed part.
    enum { Whole, Cut, Bad } state = Bad;
};

/// The length that the first byte announces; 0: it can't be the first of a code point.
int announcedLength(uchar lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/// Whether `second` may follow `lead`: no overlong forms, no surrogates, nothing above U+10FFFF (Unicode,
/// table 3-7).
bool mayFollow(uchar lead, uchar second)
{
    switch (lead) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF;
    case 0xED:
        return second >= 0x80 && second <= 0x9F;
    case 0xF0:
        return second >= 0x90 && second <= 0xBF;
    case 0xF4:
        return second >= 0x80 && second <= 0x8F;
    default:
        return second >= 0x80 && second <= 0xBF;
    }
}

Sequence sequenceAt(QByteArrayView bytes, qsizetype start)
{
    const uchar lead = byteAt(bytes, start);
    const int length = announcedLength(lead);
    if (length == 0)
        return {1, Sequence::Bad};
    for (int i = 1; i < length; ++i) {
        if (start + i == bytes.size())
            return {i, Sequence::Cut};
        const uchar next = byteAt(bytes, start + i);
        if (i == 1 ? !mayFollow(lead, next) : (next & 0xC0) != 0x80)
            return {i, Sequence::Bad};
    }
    return {length, Sequence::Whole};
}

} // namespace

QByteArray Utf8Assembler::push(QByteArrayView bytes)
{
    m_held.append(bytes);
    QByteArray text;
    text.reserve(m_held.size());
    qsizetype at = 0;
    while (at < m_held.size()) {
        const Sequence sequence = sequenceAt(m_held, at);
        if (sequence.state == Sequence::Cut)
            break;
        if (sequence.state == Sequence::Whole)
            text.append(QByteArrayView(m_held).sliced(at, sequence.length));
        else
            text.append(replacement);
        at += sequence.length;
    }
    m_held.remove(0, at);
    return text;
}

QByteArray Utf8Assembler::finish()
{
    QByteArray text;
    if (!m_held.isEmpty())
        text = replacement;
    m_held.clear();
    return text;
}

} // namespace gatehouse
