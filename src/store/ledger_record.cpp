// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/ledger_record.h"

#include <QtEndian>

#include <zlib.h>

#include <bit>
#include <cstring>

namespace gatehouse {

namespace {

constexpr qsizetype headBytes = 8;
constexpr qsizetype fixedBytes = 1 + 1 + 4 + 8 + 3 * 8 + 2 * 8;
constexpr int textCount = 7;
constexpr qsizetype leastPayload = fixedBytes + textCount * 2;
constexpr qsizetype mostPayload = maxLedgerRecord - headBytes;
static_assert(leastPayload + textCount * maxLedgerText <= mostPayload);

constexpr quint8 version = 1;
constexpr quint8 estimatedFlag = 1;
constexpr quint8 firstTokenFlag = 2;

quint32 checksum(QByteArrayView bytes)
{
    const auto *data = reinterpret_cast<const Bytef *>(bytes.data());
    return static_cast<quint32>(::crc32(0, data, static_cast<uInt>(bytes.size())));
}

class Writer
{
public:
    explicit Writer(char *to)
        : m_to(to)
    {}

    template <typename T>
    void put(T value)
    {
        qToLittleEndian(value, m_to);
        m_to += sizeof(T);
    }
    void put(double value) { put(std::bit_cast<quint64>(value)); }
    void put(const QByteArray &text)
    {
        const QByteArrayView kept = cutLedgerText(text);
        put(static_cast<quint16>(kept.size()));
        if (!kept.isEmpty()) // memcpy takes no null pointer.
            std::memcpy(m_to, kept.data(), static_cast<std::size_t>(kept.size()));
        m_to += kept.size();
    }
    [[nodiscard]] const char *end() const { return m_to; }

private:
    char *m_to;
};

// Reads from bytes that are known to hold the fixed part and no more than mostPayload.
class Reader
{
public:
    explicit Reader(QByteArrayView bytes)
        : m_bytes(bytes)
    {}

    template <typename T>
    [[nodiscard]] T take()
    {
        if (m_bytes.size() < static_cast<qsizetype>(sizeof(T))) {
            m_isGood = false;
            return {};
        }
        const T value = qFromLittleEndian<T>(m_bytes.data());
        m_bytes = m_bytes.sliced(sizeof(T));
        return value;
    }
    [[nodiscard]] double takeDouble() { return std::bit_cast<double>(take<quint64>()); }
    [[nodiscard]] QByteArray takeText()
    {
        const auto size = static_cast<qsizetype>(take<quint16>());
        if (size > maxLedgerText || size > m_bytes.size()) {
            m_isGood = false;
            return {};
        }
        const QByteArray text = m_bytes.first(size).toByteArray();
        m_bytes = m_bytes.sliced(size);
        return text;
    }
    [[nodiscard]] bool isGoodToTheEnd() const { return m_isGood && m_bytes.isEmpty(); }

private:
    QByteArrayView m_bytes;
    bool m_isGood = true;
};

std::variant<LedgerRecord, LedgerRecordFault> decodePayload(QByteArrayView payload)
{
    Reader reader(payload);
    if (reader.take<quint8>() != version)
        return LedgerRecordFault::Damaged;
    LedgerRecord record{.size = headBytes + payload.size()};
    LedgerRow &row = record.row;
    const auto flags = reader.take<quint8>();
    row.tokensEstimated = (flags & estimatedFlag) != 0;
    row.status = reader.take<qint32>();
    row.at = WallTime(std::chrono::milliseconds(reader.take<qint64>()));
    row.promptTokens = reader.take<qint64>();
    row.completionTokens = reader.take<qint64>();
    row.cachedTokens = reader.take<qint64>();
    const double firstTokenMs = reader.takeDouble();
    if ((flags & firstTokenFlag) != 0)
        row.firstTokenMs = firstTokenMs;
    row.responseMs = reader.takeDouble();
    for (QByteArray *text :
         {&row.requestId, &row.keyId, &row.method, &row.endpoint, &row.error, &row.model, &row.route})
        *text = reader.takeText();
    if (!reader.isGoodToTheEnd())
        return LedgerRecordFault::Damaged;
    return record;
}

} // namespace

QByteArrayView cutLedgerText(QByteArrayView text)
{
    if (text.size() <= maxLedgerText)
        return text;
    // A sequence has at most three bytes that continue it; more of them means that it is no UTF-8.
    for (qsizetype size = maxLedgerText; size > maxLedgerText - 4; --size) {
        if ((static_cast<quint8>(text[size]) & 0xc0) != 0x80)
            return text.first(size);
    }
    return text.first(maxLedgerText);
}

QByteArrayView encodeLedgerRecord(const LedgerRow &row, LedgerRecordBuffer &buffer)
{
    Writer writer(buffer.data() + headBytes);
    writer.put(version);
    writer.put(static_cast<quint8>((row.tokensEstimated ? estimatedFlag : 0) |
                                   (row.firstTokenMs ? firstTokenFlag : 0)));
    writer.put(static_cast<qint32>(row.status));
    writer.put(static_cast<qint64>(row.at.time_since_epoch().count()));
    writer.put(row.promptTokens);
    writer.put(row.completionTokens);
    writer.put(row.cachedTokens);
    writer.put(row.firstTokenMs.value_or(0));
    writer.put(row.responseMs);
    for (const QByteArray *text :
         {&row.requestId, &row.keyId, &row.method, &row.endpoint, &row.error, &row.model, &row.route})
        writer.put(*text);

    const QByteArrayView payload(buffer.data() + headBytes, writer.end());
    Writer head(buffer.data());
    head.put(static_cast<quint32>(payload.size()));
    head.put(checksum(payload));
    return {buffer.data(), headBytes + payload.size()};
}

std::variant<LedgerRecord, LedgerRecordFault> decodeLedgerRecord(QByteArrayView bytes)
{
    if (bytes.size() < headBytes)
        return LedgerRecordFault::Incomplete;
    const auto size = static_cast<qsizetype>(qFromLittleEndian<quint32>(bytes.data()));
    if (size < leastPayload || size > mostPayload)
        return LedgerRecordFault::Damaged;
    if (bytes.size() < headBytes + size)
        return LedgerRecordFault::Incomplete;
    const QByteArrayView payload = bytes.sliced(headBytes, size);
    if (checksum(payload) != qFromLittleEndian<quint32>(bytes.data() + 4))
        return LedgerRecordFault::Damaged;
    return decodePayload(payload);
}

} // namespace gatehouse
