// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>
#include <QtEndian>

namespace gatehouse {

/// Writes GGUF files as the specification has them, and whatever else it is told to.
class GgufWriter
{
public:
    enum Type : quint32 { Uint8, Int8, Uint16, Int16, Uint32, Int32, Float32, Bool, String, Array };

    template <typename Number>
    static QByteArray number(Number value)
    {
        QByteArray bytes(sizeof value, '\0');
        qToLittleEndian(value, bytes.data());
        return bytes;
    }
    static QByteArray text(const QByteArray &value)
    {
        return number<quint64>(static_cast<quint64>(value.size())) + value;
    }
    static QByteArray texts(const QList<QByteArray> &values)
    {
        QByteArray bytes = number<quint32>(String) + number<quint64>(static_cast<quint64>(values.size()));
        for (const QByteArray &value : values)
            bytes += text(value);
        return bytes;
    }

    void addPair(const QByteArray &key, quint32 type, const QByteArray &value)
    {
        m_pairs += text(key) + number(type) + value;
        ++pairs;
    }
    void addNumber(const QByteArray &key, quint32 value) { addPair(key, Uint32, number(value)); }
    void addText(const QByteArray &key, const QByteArray &value) { addPair(key, String, text(value)); }

    void addTensor(const QByteArray &name, const QList<quint64> &shape, quint32 type, quint64 offset)
    {
        m_tensors += text(name) + number(static_cast<quint32>(shape.size()));
        for (const quint64 length : shape)
            m_tensors += number(length);
        m_tensors += number(type) + number(offset);
        ++tensors;
    }

    /// The header and `data` bytes of weights.
    [[nodiscard]] QByteArray write(qsizetype data = 0) const
    {
        QByteArray bytes = "GGUF" + number(version) + number(tensors) + number(pairs) + m_pairs + m_tensors;
        if (data > 0)
            bytes.append((alignment - bytes.size() % alignment) % alignment, '\0');
        return bytes + QByteArray(data, '\0');
    }

    quint32 version = 3;
    quint64 pairs = 0;
    quint64 tensors = 0;
    qsizetype alignment = 32;

private:
    QByteArray m_pairs;
    QByteArray m_tensors;
};

} // namespace gatehouse
