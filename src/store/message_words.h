// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>

namespace gatehouse {

/// The words of messages as they are searched: runs of letters, digits and marks, without case, compatibility
/// forms (NFKD) and the diacritics of U+0300 to U+036F. In scripts that write words without spaces between
/// them (Chinese, Japanese, Thai …) each character is one. Both engines get these words ready-made, so they
/// find the same. For one text they are the same for ever, whatever Unicode the program knows: characters
/// younger than Unicode 13 stay as they are. An index entry can be taken away only by the words it was made
/// with.
///
/// Each word stands in the index behind six characters made of its owner: a search costs what its owner's
/// messages make it cost, and not everybody's.

/// How much of a text is read for the index, in bytes; what stands beyond is not found.
inline constexpr qsizetype mostIndexedText = 64 * 1024;

/// The distinct words of a text's first mostIndexedText bytes (up to the last character that ends there) as
/// the index takes them, separated by spaces, at most 512 KiB. What follows those bytes makes no difference,
/// so a longer or shorter part of the text beyond them will do.
[[nodiscard]] QString indexedWords(const QByteArray &owner, const QByteArray &text);

/// What somebody searches for.
struct WordQuery
{
    static constexpr int mostWords = 16; ///< More are left out.

    QStringList words; ///< All are wanted; without the owner's characters.
    bool lastIsBeginning = false;

    /// Beginnings of up to so many characters stand in SQLite's index (store/session_schema.cpp).
    static constexpr qsizetype longestIndexedBeginning = 6;
    [[nodiscard]] bool isLongBeginning() const
    {
        return lastIsBeginning && words.constLast().size() > longestIndexedBeginning;
    }
};
[[nodiscard]] WordQuery parseWordQuery(const QString &text);

/// The characters that the owner's words begin with.
[[nodiscard]] QString ownerTag(const QByteArray &owner);

/// The text around the first word that was searched for, or its beginning: plain, on one line, at most 240
/// characters, with an ellipsis where something is left out.
[[nodiscard]] QString snippetOf(const QString &text, const WordQuery &query);

} // namespace gatehouse
