// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/dot_env.h"

#include <QStringDecoder>

namespace gatehouse {

namespace {

bool isLineEnd(QChar c)
{
    return c == QChar(u'\n') || c == QChar(u'\r');
}

bool isBlank(QChar c)
{
    return c.isSpace() && !isLineEnd(c);
}

QString unescaped(QStringView text, QChar quote)
{
    static const QString letters = QStringLiteral("\\'\"abfnrtv");
    static const QString meanings = QStringLiteral("\\'\"\a\b\f\n\r\t\v");
    const qsizetype known = quote == QChar(u'\'') ? 2 : letters.size();
    QString plain;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const bool isEscape = text[i] == QChar(u'\\') && i + 1 < text.size();
        const qsizetype which = isEscape ? letters.indexOf(text[i + 1]) : -1;
        if (which >= 0 && which < known) {
            plain += meanings[which];
            ++i;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

/// Walks over the text once; `m_at` never goes back.
class Reader
{
public:
    explicit Reader(QStringView text)
        : m_text(text)
    {}

    DotEnvFile read()
    {
        for (skipSpace(); !atEnd(); skipSpace())
            readStatement();
        return m_file;
    }

private:
    [[nodiscard]] bool atEnd() const { return m_at >= m_text.size(); }
    [[nodiscard]] QChar here() const { return atEnd() ? QChar() : m_text[m_at]; }

    void advance()
    {
        const QChar c = m_text[m_at++];
        const bool isCrLf = c == QChar(u'\r') && here() == QChar(u'\n');
        if (isLineEnd(c) && !isCrLf)
            ++m_line;
    }
    void skipSpace()
    {
        while (!atEnd() && here().isSpace())
            advance();
    }
    void skipBlanks()
    {
        while (!atEnd() && isBlank(here()))
            advance();
    }
    QStringView restOfLine()
    {
        const qsizetype begin = m_at;
        while (!atEnd() && !isLineEnd(here()))
            advance();
        return m_text.sliced(begin, m_at - begin);
    }

    void readStatement()
    {
        Variable variable{.name = {}, .value = {}, .line = m_line};
        skipExport();
        if (here() == QChar(u'#')) {
            restOfLine();
            return;
        }
        bool isSet = false;
        const bool isGood = readName(variable) && readValue(variable, isSet) && readEnd();
        if (!isGood) {
            m_file.badLines.append(variable.line);
            restOfLine();
        } else if (isSet) {
            m_file.variables.append(variable);
        }
    }

    void skipExport()
    {
        constexpr QStringView word = u"export";
        const QStringView rest = m_text.sliced(m_at);
        if (!rest.startsWith(word) || rest.size() == word.size() || !isBlank(rest[word.size()]))
            return;
        m_at += word.size();
        skipBlanks();
    }

    bool readName(Variable &variable)
    {
        const qsizetype begin = m_at;
        if (here() == QChar(u'\'')) {
            const qsizetype end = m_text.indexOf(QChar(u'\''), begin + 1);
            if (end < 0 || end == begin + 1)
                return false;
            while (m_at <= end)
                advance();
            variable.name = m_text.sliced(begin + 1, end - begin - 1).toString();
        } else {
            while (!atEnd() && !here().isSpace() && here() != QChar(u'=') && here() != QChar(u'#'))
                advance();
            variable.name = m_text.sliced(begin, m_at - begin).toString();
        }
        skipBlanks();
        return !variable.name.isEmpty();
    }

    bool readValue(Variable &variable, bool &isSet)
    {
        if (here() != QChar(u'='))
            return true;
        isSet = true;
        advance();
        const qsizetype begin = m_at;
        skipBlanks();
        if (here() == QChar(u'\'') || here() == QChar(u'"'))
            return readQuoted(variable);
        restOfLine();
        qsizetype end = begin; // A # begins a comment where white space stands before it.
        while (end < m_at && !(m_text[end] == QChar(u'#') && end > begin && m_text[end - 1].isSpace()))
            ++end;
        variable.value = m_text.sliced(begin, end - begin).trimmed().toString();
        return true;
    }

    bool readQuoted(Variable &variable)
    {
        const QChar quote = here();
        qsizetype end = m_at + 1;
        qsizetype lastEscaped = -1; // Ends the value where nothing else does: 'C:\folder\'.
        while (end < m_text.size() && m_text[end] != quote) {
            const bool isEscape = m_text[end] == QChar(u'\\') && m_text.sliced(end + 1).startsWith(quote);
            if (isEscape)
                lastEscaped = end + 1;
            end += isEscape ? 2 : 1;
        }
        if (end >= m_text.size())
            end = lastEscaped;
        if (end < 0)
            return false;
        variable.value = unescaped(m_text.sliced(m_at + 1, end - m_at - 1), quote);
        while (m_at <= end)
            advance();
        return true;
    }

    bool readEnd()
    {
        skipBlanks();
        if (here() == QChar(u'#'))
            restOfLine();
        return atEnd() || isLineEnd(here());
    }

    QStringView m_text;
    qsizetype m_at = 0;
    int m_line = 1;
    DotEnvFile m_file;
};

/// The line of the first byte that is no UTF-8; 0: there is none.
int firstLineNotUtf8(QByteArrayView text)
{
    int line = 1;
    while (!text.isEmpty()) {
        const qsizetype newline = text.indexOf('\n');
        const QByteArrayView part = newline < 0 ? text : text.first(newline);
        QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
        const QString decoded = decoder(part);
        if (decoder.hasError())
            return line;
        text = newline < 0 ? QByteArrayView() : text.sliced(newline + 1);
        ++line;
    }
    return 0;
}

} // namespace

DotEnvFile parseDotEnv(QByteArrayView text)
{
    if (const int line = firstLineNotUtf8(text))
        return {.variables = {}, .badLines = {line}};
    const QString decoded = QString::fromUtf8(text);
    QStringView view(decoded);
    if (view.startsWith(QChar(QChar::ByteOrderMark)))
        view = view.sliced(1);
    return Reader(view).read();
}

} // namespace gatehouse
