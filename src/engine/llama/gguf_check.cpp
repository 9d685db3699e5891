// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/gguf_check.h"

#include "engine/llama/gguf_model_rules.h"
#include "engine/llama/gguf_reader.h"
#include "engine/llama/gguf_tensors.h"

#include <QSet>

#include <array>
#include <bit>
#include <vector>

namespace gatehouse {

namespace {

// Beyond what any model has, and small enough to be read in no time: llama.cpp compares each name with each.
constexpr quint64 longestHeader = 256 * 1024 * 1024;
constexpr quint64 mostPairs = 16'384;
constexpr quint64 mostTensors = 32'768;
constexpr quint64 mostElements = 1U << 24U;
constexpr quint64 mostTokens = 1U << 20U;
constexpr quint64 mostValues = Q_UINT64_C(1) << 56U; // of a tensor: their bytes can still be counted
constexpr quint64 longestKey = 65'535;
constexpr quint64 longestTensorName = 63;
constexpr quint64 longestToken = 65'535;
constexpr quint64 longestShortText = 1024;
constexpr quint32 mostDimensions = 4;

enum ValueType : quint32 {
    Uint16 = 2,
    Uint32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    String = 8,
    Array = 9,
    Float64 = 12,
};

/// Bytes of a number of this type; 0: not a number.
quint64 sizeOf(quint32 type)
{
    constexpr std::array<quint64, 13> sizes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return type < sizes.size() ? sizes[type] : 0;
}

/// Vectors (norms, biases) are computed with as they are; only tables of token numbers hold integers.
bool isUsable(const QByteArray &name, quint32 type, bool isVector)
{
    if (name.contains("d2t") || name.contains("tid2eid"))
        return true;
    return isVector ? type == 0 : !isNoWeightType(type);
}

class Check
{
public:
    explicit Check(QIODevice &file)
        : m_reader(file, longestHeader)
    {}
    [[nodiscard]] Result<GgufParts> run();

private:
    struct Tensor
    {
        QByteArray name;
        quint64 offset = 0; ///< From the first tensor on.
        quint64 size = 0;   ///< Bytes.
    };

    void readHeader();
    void readPair();
    void readValue(const QByteArray &key, quint32 type);
    void readText(const QByteArray &key);
    void readInteger(const QByteArray &key, quint32 type);
    void readArray(const QByteArray &key);
    void readLargest(const QByteArray &key, quint32 type, quint64 count);
    void readTexts(const QByteArray &key, quint64 count);
    void readTensors();
    void readTensor();
    void checkName(const QByteArray &name, QSet<QByteArray> &names, const char *what);
    void fail(const QString &fault) { m_reader.fail(fault); }

    GgufReader m_reader;
    GgufModelRules m_rules;
    quint64 m_pairs = 0;
    quint64 m_tensors = 0;
    QSet<QByteArray> m_keys;
    QSet<QByteArray> m_tensorNames;
    std::vector<Tensor> m_table;
};

Result<GgufParts> Check::run()
{
    readHeader();
    for (quint64 i = 0; i < m_pairs && m_reader.isGood(); ++i)
        readPair();
    if (const QString fault = m_rules.fault(); !fault.isEmpty())
        fail(fault);
    if (m_reader.isGood() && m_tensors > 0)
        readTensors();
    if (!m_reader.isGood())
        return Error{.code = ErrorCode::Internal, .message = m_reader.fault()};
    return GgufParts{.count = m_rules.splitCount(), .index = m_rules.splitIndex()};
}

void Check::readHeader()
{
    if (m_reader.number<quint32>() != 0x46554747) // "GGUF"
        return fail(QStringLiteral("not a GGUF file"));
    const auto version = m_reader.number<quint32>();
    if (version != 0 && (version & 0xFFFFU) == 0)
        return fail(QStringLiteral("it is written for big-endian machines"));
    if (version < 2 || version > 3)
        return fail(QStringLiteral("its version is %1, not 2 or 3").arg(version));
    m_tensors = m_reader.number<quint64>();
    m_pairs = m_reader.number<quint64>();
    if (m_tensors > mostTensors || m_pairs > mostPairs)
        fail(QStringLiteral("it claims to have %1 values and %2 tensors").arg(m_pairs).arg(m_tensors));
}

void Check::readPair()
{
    const QByteArray key = m_reader.text(longestKey);
    checkName(key, m_keys, "value");
    const auto type = m_reader.number<quint32>();
    if (!m_reader.isGood())
        return;
    if (type == Array)
        readArray(key);
    else
        readValue(key, type);
}

void Check::readValue(const QByteArray &key, quint32 type)
{
    switch (type) {
    case String:
        return readText(key);
    case Float32:
        return m_rules.addReal(key, static_cast<double>(std::bit_cast<float>(m_reader.number<quint32>())));
    case Float64:
        return m_rules.addReal(key, std::bit_cast<double>(m_reader.number<quint64>()));
    case Bool:
        if (m_reader.number<quint8>() > 1)
            fail(QStringLiteral("%1 is neither true nor false").arg(shownName(key)));
        return;
    default:
        readInteger(key, type);
    }
}

void Check::readText(const QByteArray &key)
{
    if (GgufModelRules::wantsText(key))
        m_rules.addText(key, m_reader.text(longestShortText));
    else
        m_reader.skipText();
}

void Check::readInteger(const QByteArray &key, quint32 type)
{
    const bool isSplit = key == "split.count" || key == "split.no";
    if (sizeOf(type) == 0 || (isSplit && type != Uint16) || (key == "general.alignment" && type != Uint32))
        return fail(QStringLiteral("%1 has the unsuitable type %2").arg(shownName(key)).arg(type));
    switch (sizeOf(type)) {
    case 1:
        return m_reader.skip(1);
    case 2:
        return m_rules.addInteger(key, m_reader.number<quint16>());
    case 4:
        return m_rules.addInteger(key, m_reader.number<quint32>());
    default:
        return m_rules.addInteger(key, m_reader.number<qint64>());
    }
}

void Check::readArray(const QByteArray &key)
{
    const auto type = m_reader.number<quint32>();
    const auto count = m_reader.number<quint64>();
    if (!m_reader.isGood())
        return;
    const quint64 size = type == String ? sizeof(quint64) : sizeOf(type);
    if (size == 0)
        return fail(QStringLiteral("%1 is an array of the unsuitable type %2").arg(shownName(key)).arg(type));
    if (count > mostElements || !m_reader.hasRoomFor(count, size))
        return fail(QStringLiteral("%1 has no room for its %2 elements").arg(shownName(key)).arg(count));
    if (GgufModelRules::wantsLargest(key))
        readLargest(key, type, count);
    else if (type != String)
        m_reader.skip(count * size);
    else
        readTexts(key, count);
}

/// A number for each layer.
void Check::readLargest(const QByteArray &key, quint32 type, quint64 count)
{
    if (type != Uint32 && type != Int32)
        return fail(QStringLiteral("%1 is an array of the unsuitable type %2").arg(shownName(key)).arg(type));
    quint32 largest = 0;
    for (quint64 i = 0; i < count; ++i)
        largest = qMax(largest, m_reader.number<quint32>());
    m_rules.addInteger(key, largest);
}

void Check::readTexts(const QByteArray &key, quint64 count)
{
    const bool isVocabulary = key == "tokenizer.ggml.tokens";
    if (isVocabulary && count > mostTokens)
        return fail(QStringLiteral("a vocabulary of %1 tokens").arg(count));
    for (quint64 i = 0; i < count && m_reader.isGood(); ++i) {
        if (isVocabulary)
            m_rules.addToken(m_reader.text(longestToken));
        else
            m_reader.skipText();
    }
}

void Check::readTensors()
{
    for (quint64 i = 0; i < m_tensors && m_reader.isGood(); ++i)
        readTensor();
    const quint64 alignment = m_rules.alignment();
    const quint64 begin = (m_reader.position() + alignment - 1) / alignment * alignment;
    const quint64 room = begin < m_reader.size() ? m_reader.size() - begin : 0;
    for (const Tensor &tensor : m_table) {
        if (tensor.offset % alignment != 0)
            return fail(QStringLiteral("the tensor %1 is not aligned").arg(shownName(tensor.name)));
        if (tensor.offset > room || tensor.size > room - tensor.offset)
            return fail(
                QStringLiteral("the tensor %1 is not inside the file, which is corrupted or incomplete")
                    .arg(shownName(tensor.name)));
    }
}

void Check::readTensor()
{
    Tensor tensor{.name = m_reader.text(longestTensorName)};
    checkName(tensor.name, m_tensorNames, "tensor");
    const auto dimensions = m_reader.number<quint32>();
    if (dimensions < 1 || dimensions > mostDimensions)
        fail(QStringLiteral("the tensor %1 has %2 dimensions").arg(shownName(tensor.name)).arg(dimensions));
    quint64 values = 1;
    quint64 row = 0;
    for (quint32 i = 0; i < dimensions && m_reader.isGood(); ++i) {
        const auto length = m_reader.number<quint64>();
        if (length == 0 || length > mostValues / values)
            return fail(QStringLiteral("the tensor %1 has a senseless shape").arg(shownName(tensor.name)));
        values *= length;
        row = i == 0 ? length : row;
    }
    const auto number = m_reader.number<quint32>();
    tensor.offset = m_reader.number<quint64>();
    const auto type = ggufTensorType(number);
    if (!m_reader.isGood())
        return;
    if (!type || row % type->values != 0 || !isUsable(tensor.name, number, dimensions == 1))
        return fail(QStringLiteral("the tensor %1 has the unsuitable type %2")
                        .arg(shownName(tensor.name))
                        .arg(number));
    tensor.size = values / type->values * type->bytes;
    m_table.push_back(std::move(tensor));
}

void Check::checkName(const QByteArray &name, QSet<QByteArray> &names, const char *what)
{
    const qsizetype before = names.size();
    names.insert(name);
    if (name.isEmpty() || name.contains('\0'))
        fail(QStringLiteral("a %1 without a proper name before byte %2")
                 .arg(QLatin1String(what))
                 .arg(m_reader.position()));
    else if (names.size() == before)
        fail(QStringLiteral("there is the %1 %2 twice").arg(QLatin1String(what), shownName(name)));
}

} // namespace

Result<GgufParts> checkGguf(QIODevice &file)
{
    return Check(file).run();
}

} // namespace gatehouse
