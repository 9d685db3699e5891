// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QIODevice>
#include <QString>
#include <QtEndian>

namespace gatehouse {

/// A name from a file, short and printable.
[[nodiscard]] QString shownName(const QByteArray &name);

/// Reads the little-endian parts of a GGUF file from its beginning on, and never beyond its end. After the
/// first fault everything reads as zero or empty, so that a caller need not look after each step.
class GgufReader
{
public:
    /// `file`: open and seekable. Reading on after `most` bytes is a fault.
    GgufReader(QIODevice &file, quint64 most);
    Q_DISABLE_COPY_MOVE(GgufReader)

    template <typename Number>
    [[nodiscard]] Number number()
    {
        Number value = {};
        if (const char *bytes = take(sizeof value))
            value = qFromLittleEndian<Number>(bytes);
        return value;
    }

    /// A length and so many bytes, `most` of them at most.
    [[nodiscard]] QByteArray text(quint64 most);
    void skip(quint64 bytes);
    void skipText() { skip(number<quint64>()); }

    /// The rest of the file has room for `count` things of `bytes` each.
    [[nodiscard]] bool hasRoomFor(quint64 count, quint64 bytes) const { return count <= left() / bytes; }
    [[nodiscard]] quint64 position() const { return m_blockAt + m_offset; }
    [[nodiscard]] quint64 size() const { return m_size; }
    [[nodiscard]] quint64 left() const { return m_size - position(); }

    [[nodiscard]] bool isGood() const { return m_fault.isEmpty(); }
    [[nodiscard]] QString fault() const { return m_fault; }
    void fail(const QString &fault); ///< The first one stays.

private:
    [[nodiscard]] const char *take(quint64 bytes);
    [[nodiscard]] bool fill(quint64 bytes);

    QIODevice &m_file;
    quint64 m_size;
    quint64 m_most;
    QByteArray m_block; ///< A part of the file.
    quint64 m_blockAt = 0;
    quint64 m_offset = 0; ///< In the block; past its end after a skip.
    QString m_fault;
};

} // namespace gatehouse
