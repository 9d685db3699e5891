// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/error.h"

#include <QUrlQuery>

#include <optional>

namespace gatehouse {

/// The parameters behind `?` of a request, read one by one; the first mistake is kept. A `+` is a space, as
/// forms write it; a plus itself comes encoded.
class RequestQuery
{
public:
    explicit RequestQuery(QByteArray query);

    /// A text of 1 to `longest` bytes; unset where there is none.
    [[nodiscard]] std::optional<QByteArray> text(const char *name, qsizetype longest = 256);
    [[nodiscard]] std::optional<qint64> integer(const char *name, qint64 least, qint64 most);
    /// As parseTime() reads it.
    [[nodiscard]] std::optional<WallTime> time(const char *name);
    /// Notes that this parameter says something impossible.
    void wrong(const char *name);

    /// InvalidRequest; `param` names the parameter.
    [[nodiscard]] const std::optional<Error> &mistake() const { return m_mistake; }

private:
    QUrlQuery m_query;
    std::optional<Error> m_mistake;
};

} // namespace gatehouse
