// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/message_words.h"

#include <QCryptographicHash>
#include <QSet>

#include <algorithm>

namespace gatehouse {

namespace {

constexpr qsizetype longestWord = 40;
constexpr qsizetype mostIndexedBytes = 512 * 1024; // A tsvector holds 1 MiB; folding may lengthen words.
constexpr qsizetype longestQuery = 4096;
constexpr qsizetype snippetBefore = 60;
constexpr qsizetype snippetLength = 240;

/// Whether the program's tables say for certain what the character is, now and in years.
bool isKnown(char32_t c)
{
    const auto version = QChar::unicodeVersion(c);
    return version != QChar::Unicode_Unassigned && version <= QChar::Unicode_13_0;
}

bool isMark(char32_t c)
{
    return isKnown(c) && QChar::isMark(c);
}

bool isWordCharacter(char32_t c)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return !isKnown(c) ? !QChar::isSurrogate(c) && !QChar::isNonCharacter(c)
                       : QChar::isLetterOrNumber(c) || QChar::isMark(c);
}

bool isDiacritic(char32_t c)
{
    return c >= 0x300 && c <= 0x36f;
}

/// Scripts without spaces between words.
bool isWordByItself(char32_t c)
{
    if (c < 0xe00 || !isKnown(c))
        return false;
    switch (QChar::script(c)) {
    case QChar::Script_Han:
    case QChar::Script_Hiragana:
    case QChar::Script_Katakana:
    case QChar::Script_Bopomofo:
    case QChar::Script_Thai:
    case QChar::Script_Lao:
    case QChar::Script_Khmer:
    case QChar::Script_Myanmar:
        return true;
    default:
        return false;
    }
}

void append(QString &text, char32_t c)
{
    text.append(QChar::fromUcs4(c));
}

/// A word without what the search doesn't care about.
QString folded(QStringView word)
{
    const bool isAscii = std::all_of(word.begin(), word.end(), [](QChar c) { return c.unicode() < 0x80; });
    if (isAscii)
        return word.toString().toLower();
    const QString parts = word.toString().normalized(QString::NormalizationForm_KD, QChar::Unicode_13_0);
    QString result;
    for (const uint c : parts.toUcs4()) {
        if (isWordCharacter(c) && !isDiacritic(c))
            append(result, isKnown(c) ? QChar::toCaseFolded(c) : c);
    }
    return result.normalized(QString::NormalizationForm_C, QChar::Unicode_13_0);
}

/// Reads a text word by word.
class WordReader
{
public:
    explicit WordReader(QStringView text)
        : m_text(text)
    {}

    /// False: there is none any more.
    bool next()
    {
        while (m_end < m_text.size()) {
            m_begin = m_end;
            const char32_t first = take();
            if (!isWordCharacter(first) || isMark(first))
                continue;
            finish(isWordByItself(first));
            word = folded(m_text.mid(m_begin, m_kept - m_begin));
            if (!word.isEmpty())
                return true;
        }
        return false;
    }

    [[nodiscard]] qsizetype begin() const { return m_begin; }
    QString word;

private:
    [[nodiscard]] char32_t peek(qsizetype &length) const
    {
        const QChar c = m_text[m_end];
        length = 1;
        if (!c.isHighSurrogate() || m_end + 1 == m_text.size() || !m_text[m_end + 1].isLowSurrogate())
            return c.unicode();
        length = 2;
        return QChar::surrogateToUcs4(c, m_text[m_end + 1]);
    }
    char32_t take()
    {
        qsizetype length = 0;
        const char32_t c = peek(length);
        m_end += length;
        return c;
    }
    /// The rest of the word; of one that is too long it is skipped.
    void finish(bool isAlone)
    {
        qsizetype kept = -1;
        while (m_end < m_text.size()) {
            qsizetype length = 0;
            const char32_t c = peek(length);
            const bool belongs = isMark(c) || (!isAlone && isWordCharacter(c) && !isWordByItself(c));
            if (!belongs)
                break;
            if (kept < 0 && m_end + length - m_begin > longestWord)
                kept = m_end;
            m_end += length;
        }
        m_kept = kept < 0 ? m_end : kept;
    }

    QStringView m_text;
    qsizetype m_begin = 0;
    qsizetype m_end = 0;
    qsizetype m_kept = 0;
};

/// Where the first of the words stands; -1: nowhere.
qsizetype placeOf(QStringView text, const WordQuery &query)
{
    const auto matches = [&](const QString &word) {
        return query.words.contains(word) ||
               (query.lastIsBeginning && word.startsWith(query.words.constLast()));
    };
    WordReader reader(text);
    while (reader.next()) {
        if (matches(reader.word))
            return reader.begin();
    }
    return -1;
}

/// The next border between words at or after a place, if it is near.
qsizetype borderAfter(QStringView text, qsizetype place)
{
    const qsizetype latest = std::min(place + 20, text.size());
    for (qsizetype at = place; at < latest; ++at) {
        if (text[at].isSpace())
            return at + 1;
    }
    return place > 0 && place < text.size() && text[place].isLowSurrogate() ? place + 1 : place;
}

QByteArrayView indexedPart(QByteArrayView text)
{
    if (text.size() <= mostIndexedText)
        return text;
    qsizetype end = mostIndexedText;
    while (end > mostIndexedText - 4 && (static_cast<uchar>(text[end]) & 0xc0U) == 0x80U)
        --end;
    return text.first(end);
}

} // namespace

QString ownerTag(const QByteArray &owner)
{
    static constexpr char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    const QByteArray hash = QCryptographicHash::hash(owner, QCryptographicHash::Sha256);
    QString tag;
    for (qsizetype i = 0; i < 6; ++i)
        tag.append(QLatin1Char(letters[static_cast<uchar>(hash[i]) & 31U]));
    return tag;
}

QString indexedWords(const QByteArray &owner, const QByteArray &text)
{
    const QString tag = ownerTag(owner);
    const QString decoded = QString::fromUtf8(indexedPart(text));
    QSet<QString> seen;
    QString words;
    qsizetype bytes = 0;
    WordReader reader(decoded);
    while (reader.next()) {
        if (seen.contains(reader.word))
            continue;
        seen.insert(reader.word);
        bytes += tag.size() + 1 + reader.word.toUtf8().size();
        if (bytes > mostIndexedBytes)
            break;
        if (!words.isEmpty())
            words.append(u' ');
        words.append(tag).append(reader.word);
    }
    return words;
}

WordQuery parseWordQuery(const QString &text)
{
    WordQuery query;
    const QString bounded = text.left(longestQuery);
    WordReader reader(bounded);
    while (query.words.size() < WordQuery::mostWords && reader.next()) {
        query.words.removeAll(reader.word); // The last one's place counts.
        query.words.append(reader.word);
    }
    query.lastIsBeginning =
        !query.words.isEmpty() && !isWordByItself(query.words.constLast().toUcs4().constFirst());
    return query;
}

QString snippetOf(const QString &text, const WordQuery &query)
{
    const qsizetype place = query.words.isEmpty() ? -1 : placeOf(text, query);
    const qsizetype begin = place > snippetBefore ? borderAfter(text, place - snippetBefore) : 0;
    QStringView part = QStringView(text).mid(begin, snippetLength);
    if (!part.isEmpty() && part.back().isHighSurrogate())
        part.chop(1);
    QString snippet = part.toString().simplified();
    if (begin > 0)
        snippet.prepend(u'\u2026');
    if (begin + part.size() < text.size())
        snippet.append(u'\u2026');
    return snippet;
}

} // namespace gatehouse
