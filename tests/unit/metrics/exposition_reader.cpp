// SPDX-License-Identifier: GPL-3.0-or-later
#include "exposition_reader.h"

#include <QRegularExpression>

#include <limits>

namespace gatehouse {

namespace {

const QString nameForm = QStringLiteral("[a-zA-Z_:][a-zA-Z0-9_:]*");
const QString labelForm = QStringLiteral(R"re([a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*")re");

std::optional<double> numberOf(const QByteArray &word)
{
    if (word == "+Inf" || word == "Inf")
        return std::numeric_limits<double>::infinity();
    bool isNumber = false;
    const double value = word.toDouble(&isNumber);
    return isNumber ? std::optional(value) : std::nullopt;
}

/// `x_bucket`, `x_sum` and `x_count` belong to the histogram `x`.
bool belongsTo(const QByteArray &name, const QByteArray &family, const QByteArray &type)
{
    if (type != "histogram")
        return name == family;
    return name == family + "_bucket" || name == family + "_sum" || name == family + "_count";
}

} // namespace

void ExpositionReader::read(const QByteArray &text)
{
    if (!text.endsWith('\n'))
        complain("the last line has no end", text.right(40));
    for (const QByteArray &line : text.chopped(1).split('\n')) {
        if (line.startsWith("# "))
            readComment(line);
        else
            readSample(line);
    }
    checkHistograms();
}

void ExpositionReader::readComment(const QByteArray &line)
{
    const QByteArrayList words = line.split(' ');
    if (words.size() < 4 || (words.at(1) != "HELP" && words.at(1) != "TYPE"))
        return complain("a comment that says nothing", line);
    const QByteArray &family = words.at(2);
    if (words.at(1) == "HELP") {
        if (m_types.contains(family))
            complain("a family comes twice", line);
        m_family = family;
        return;
    }
    if (family != m_family)
        complain("a type without help", line);
    if (!QByteArrayList{"counter", "gauge", "histogram"}.contains(words.at(3)))
        complain("an unknown type", line);
    m_types.insert(family, words.at(3));
}

void ExpositionReader::readSample(const QByteArray &line)
{
    static const QRegularExpression form(
        QStringLiteral("^(%1)(?:\\{(%2(?:,%2)*)?\\})? (\\S+)$").arg(nameForm, labelForm));
    const auto match = form.match(QString::fromUtf8(line));
    if (!match.hasMatch())
        return complain("no sample", line);
    const QByteArray name = match.captured(1).toUtf8();
    if (!belongsTo(name, m_family, m_types.value(m_family)))
        complain("a sample outside its family", line);
    const auto value = numberOf(match.captured(3).toUtf8());
    if (!value)
        return complain("no number", line);
    const QByteArray series = line.left(line.lastIndexOf(' '));
    if (m_values.contains(series))
        complain("a series comes twice", line);
    m_values.insert(series, *value);
    m_order.append(series);
}

/// Buckets rise up to the one without an end, which holds as many as `_count` says.
void ExpositionReader::checkHistograms()
{
    double last = 0;
    for (const QByteArray &series : std::as_const(m_order)) {
        const qsizetype bound = series.indexOf("le=\"");
        if (bound < 0) {
            last = 0;
            continue;
        }
        const double count = m_values.value(series);
        if (count < last)
            complain("buckets that fall", series);
        last = count;
        if (!series.mid(bound).startsWith("le=\"+Inf\""))
            continue;
        QByteArray total = QByteArray(series).replace("_bucket{", "_count{");
        total.replace(",le=\"+Inf\"", "").replace("{le=\"+Inf\"}", "");
        if (m_values.value(total, -1) != count)
            complain("a last bucket that is not the count", series);
        last = 0;
    }
}

} // namespace gatehouse
