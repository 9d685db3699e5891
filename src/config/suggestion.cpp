// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/suggestion.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

namespace gatehouse {

int editDistance(QStringView a, QStringView b)
{
    std::array<std::vector<int>, 3> rows; // Two rows back, the last one, this one.
    for (auto &row : rows)
        row.resize(static_cast<std::size_t>(b.size()) + 1);
    for (std::size_t j = 0; j < rows[1].size(); ++j)
        rows[1][j] = static_cast<int>(j);
    for (qsizetype i = 1; i <= a.size(); ++i) {
        rows[2][0] = static_cast<int>(i);
        for (qsizetype j = 1; j <= b.size(); ++j) {
            const auto at = static_cast<std::size_t>(j);
            const int change = a[i - 1] == b[j - 1] ? 0 : 1;
            int best = std::min({rows[1][at] + 1, rows[2][at - 1] + 1, rows[1][at - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = std::min(best, rows[0][at - 2] + 1);
            rows[2][at] = best;
        }
        std::rotate(rows.begin(), rows.begin() + 1, rows.end());
    }
    return rows[1].back();
}

QString suggestionFor(const QString &name, const QStringList &candidates)
{
    constexpr qsizetype longest = 80; // The distance costs the product of both lengths.
    if (name.size() > longest)
        return {};
    QString nearest;
    int smallest = std::max(2, static_cast<int>(name.size()) / 3) + 1;
    for (const QString &candidate : candidates) {
        const int distance = editDistance(name, candidate);
        if (distance < smallest) {
            smallest = distance;
            nearest = candidate;
        }
    }
    if (!nearest.isEmpty())
        return nearest;
    const QString ending = QChar(u'.') + name.section(QChar(u'.'), -1);
    QStringList same;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(same),
                 [&ending](const QString &candidate) { return candidate.endsWith(ending); });
    return same.size() == 1 ? same.first() : QString();
}

} // namespace gatehouse
