// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/gguf_reader.h"

namespace gatehouse {

namespace {

constexpr quint64 blockSize = 64 * 1024;

} // namespace

QString shownName(const QByteArray &name)
{
    return QString::fromLatin1(
        name.first(qMin<qsizetype>(name.size(), 64)).toPercentEncoding(" /:", {}, '\\'));
}

GgufReader::GgufReader(QIODevice &file, quint64 most)
    : m_file(file)
    , m_size(static_cast<quint64>(file.size()))
    , m_most(most)
{}

QByteArray GgufReader::text(quint64 most)
{
    const auto length = number<quint64>();
    if (length > most) {
        fail(QStringLiteral("a text of %1 bytes at byte %2, where %3 are the most")
                 .arg(length)
                 .arg(position())
                 .arg(most));
    }
    const char *bytes = take(length);
    return bytes == nullptr ? QByteArray() : QByteArray(bytes, static_cast<qsizetype>(length));
}

void GgufReader::skip(quint64 bytes)
{
    if (bytes > left())
        fail(QStringLiteral("it ends too early: %1 bytes are missing after byte %2")
                 .arg(bytes - left())
                 .arg(m_size));
    else if (bytes > m_most || position() > m_most - bytes)
        fail(QStringLiteral("a header of more than %1 bytes").arg(m_most));
    if (isGood())
        m_offset += bytes;
}

void GgufReader::fail(const QString &fault)
{
    if (isGood())
        m_fault = fault;
}

/// Null after a fault.
const char *GgufReader::take(quint64 bytes)
{
    const quint64 offset = m_offset;
    const quint64 at = position();
    skip(bytes);
    if (!isGood())
        return nullptr;
    if (offset + bytes <= static_cast<quint64>(m_block.size()))
        return m_block.constData() + offset;
    m_blockAt = at;
    m_offset = 0;
    if (!fill(bytes))
        return nullptr;
    m_offset = bytes;
    return m_block.constData();
}

/// The block from its place on, `bytes` of it at least.
bool GgufReader::fill(quint64 bytes)
{
    const auto wanted = static_cast<qint64>(qMin(m_size - m_blockAt, qMax(bytes, blockSize)));
    m_block.resize(wanted);
    if (m_file.seek(static_cast<qint64>(m_blockAt)) && m_file.read(m_block.data(), wanted) == wanted)
        return true;
    m_block.clear();
    fail(QStringLiteral("reading fails at byte %1: %2").arg(m_blockAt).arg(m_file.errorString()));
    return false;
}

} // namespace gatehouse
