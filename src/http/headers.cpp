// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/headers.h"

namespace gatehouse {

static bool isNamed(const Header &field, QByteArrayView name)
{
    return field.name.size() == name.size() && field.name.compare(name, Qt::CaseInsensitive) == 0;
}

void Headers::remove(QByteArrayView name)
{
    m_fields.removeIf([name](const Header &field) { return isNamed(field, name); });
}

std::optional<QByteArray> Headers::value(QByteArrayView name) const
{
    for (const Header &field : m_fields) {
        if (isNamed(field, name))
            return field.value;
    }
    return std::nullopt;
}

QList<QByteArray> Headers::values(QByteArrayView name) const
{
    QList<QByteArray> found;
    for (const Header &field : m_fields) {
        if (isNamed(field, name))
            found.append(field.value);
    }
    return found;
}

} // namespace gatehouse
