// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/gzip.h"

#include <algorithm>

namespace gatehouse::fakes {

namespace {

constexpr qsizetype MostStored = 0xffff;

quint32 crc32(const QByteArray &bytes)
{
    quint32 crc = 0xffffffffU;
    for (const char byte : bytes) {
        crc ^= quint8(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1U) ? 0xedb88320U : 0U);
    }
    return ~crc;
}

void appendLittleEndian(QByteArray &out, quint32 value, int bytes)
{
    for (int index = 0; index < bytes; ++index)
        out += char((value >> (8 * index)) & 0xffU);
}

} // namespace

QByteArray gzipped(const QByteArray &bytes)
{
    QByteArray out("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    qsizetype position = 0;
    do {
        const qsizetype size = std::min(bytes.size() - position, MostStored);
        out += char(position + size == bytes.size() ? 1 : 0);
        appendLittleEndian(out, quint32(size), 2);
        appendLittleEndian(out, quint32(~size), 2);
        out += bytes.sliced(position, size);
        position += size;
    } while (position < bytes.size());
    appendLittleEndian(out, crc32(bytes), 4);
    appendLittleEndian(out, quint32(bytes.size()), 4);
    return out;
}

} // namespace gatehouse::fakes
