// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/row_insert.h"

namespace gatehouse {

namespace {

// 64 rows of 16 columns stay below every limit on the number of values in a statement.
constexpr std::array<int, 4> rowsInStatement = {64, 16, 4, 1};

struct ToVariant
{
    QVariant operator()(std::monostate /*null*/) const { return {}; }
    QVariant operator()(qint64 number) const { return number; }
    QVariant operator()(double number) const { return number; }
    QVariant operator()(QByteArrayView text) const { return QString::fromUtf8(text); }
};

QVariantList toVariants(std::span<const SqlCell> cells)
{
    QVariantList values;
    values.reserve(static_cast<qsizetype>(cells.size()));
    for (const SqlCell &cell : cells)
        values.append(std::visit(ToVariant(), cell));
    return values;
}

} // namespace

RowInsert::RowInsert(const QString &head, int columns, const QString &tail)
{
    const QStringList marks(columns, QStringLiteral("?"));
    const QString row = QStringLiteral("(%1)").arg(marks.join(QStringLiteral(", ")));
    for (std::size_t i = 0; i < m_statements.size(); ++i) {
        const QStringList rows(rowsInStatement.at(i), row);
        m_statements.at(i) = {
            .cells = static_cast<std::size_t>(columns * rows.size()),
            .sql = QStringLiteral("%1 VALUES %2 %3").arg(head, rows.join(QStringLiteral(", ")), tail)};
    }
}

Result<void> RowInsert::run(Database &database, std::span<const SqlCell> cells) const
{
    if (database.takesRows())
        return database.runRows(m_statements.back().sql, cells);
    for (const Statement &statement : m_statements) {
        for (; cells.size() >= statement.cells; cells = cells.subspan(statement.cells)) {
            if (auto done = database.run(statement.sql, toVariants(cells.first(statement.cells))); !done)
                return std::move(done).error();
        }
    }
    return {};
}

} // namespace gatehouse
