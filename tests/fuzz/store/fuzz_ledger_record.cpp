// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as the beginning of one of the ledger's files, and as the inside of a record whose checksum is
// right.
#include "../http/require.h"
#include "store/ledger_record.h"

#include <QtEndian>

#include <zlib.h>

using namespace gatehouse;

static void decode(QByteArrayView bytes)
{
    const auto result = decodeLedgerRecord(bytes);
    const auto *record = std::get_if<LedgerRecord>(&result);
    if (!record)
        return;
    require(record->size > 0 && record->size <= bytes.size(), "a record is as long as what it was read from");
    for (const QByteArray *text : {&record->row.requestId, &record->row.keyId, &record->row.model})
        require(text->size() <= maxLedgerText, "texts are bounded");

    LedgerRecordBuffer buffer;
    const QByteArray again = encodeLedgerRecord(record->row, buffer).toByteArray();
    const auto second = decodeLedgerRecord(again);
    require(std::holds_alternative<LedgerRecord>(second), "what was encoded can be decoded");
    require(encodeLedgerRecord(std::get<LedgerRecord>(second).row, buffer) == again, "and is the same");
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArrayView bytes(data, static_cast<qsizetype>(size));
    decode(bytes);
    if (size > 4 * maxLedgerRecord)
        return 0;
    QByteArray sealed(8, '\0');
    qToLittleEndian(static_cast<quint32>(size), sealed.data());
    qToLittleEndian(static_cast<quint32>(::crc32(0, data, static_cast<uInt>(size))), sealed.data() + 4);
    decode(sealed + bytes.toByteArray());
    return 0;
}
