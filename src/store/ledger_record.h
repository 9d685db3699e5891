// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/ledger_row.h"

#include <QByteArrayView>

#include <array>
#include <variant>

namespace gatehouse {

/// The longest text that the ledger keeps, in bytes.
inline constexpr qsizetype maxLedgerText = 256;
/// No record is longer.
inline constexpr qsizetype maxLedgerRecord = 2048;

using LedgerRecordBuffer = std::array<char, maxLedgerRecord>;

/// A row as the journal's files hold it, in `buffer`. Little-endian:
///
///     u32 length of what follows the checksum, u32 CRC-32 (zlib's) of it,
///     u8 version = 1, u8 flags (1: tokens estimated, 2: there is a first token), i32 status, i64 at (ms),
///     i64 prompt, completion, cached tokens, f64 first token, response (ms),
///     7 × (u16 length, bytes): request id, key id, method, endpoint, error, model, route
///
/// Texts are cut, see cutLedgerText().
[[nodiscard]] QByteArrayView encodeLedgerRecord(const LedgerRow &row, LedgerRecordBuffer &buffer);

/// The first maxLedgerText bytes, or a few less so that no UTF-8 sequence is split.
[[nodiscard]] QByteArrayView cutLedgerText(QByteArrayView text);

/// What bytes of a file begin with. The decoder trusts nothing: the file may have been cut or damaged, or
/// written by another version.
struct LedgerRecord
{
    LedgerRow row;
    qsizetype size = 0; ///< Bytes that it took.
};
enum class LedgerRecordFault {
    Incomplete, ///< More bytes could make it a record.
    Damaged,
};
[[nodiscard]] std::variant<LedgerRecord, LedgerRecordFault> decodeLedgerRecord(QByteArrayView bytes);

} // namespace gatehouse
