// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "store/session_repository.h"

#include <QUrlQuery>

#include <optional>

namespace gatehouse {

/// The parameters behind `?` of a request for sessions, read one by one; the first mistake is kept.
class SessionQuery
{
public:
    explicit SessionQuery(QByteArray query);

    /// A text of 1 to `longest` bytes.
    [[nodiscard]] std::optional<QByteArray> text(const char *name, qsizetype longest = 256);
    [[nodiscard]] std::optional<qint64> integer(const char *name, qint64 least, qint64 most);
    [[nodiscard]] std::optional<SessionRepository::Before> cursor(const char *name);
    void wrong(const char *name);

    /// InvalidRequest; `param` names the parameter.
    [[nodiscard]] const std::optional<Error> &mistake() const { return m_mistake; }

private:
    QUrlQuery m_query;
    std::optional<Error> m_mistake;
};

/// Where the next page of sessions begins, in letters that go into an address as they are.
[[nodiscard]] QByteArray sessionCursor(const SessionRecord &last);

} // namespace gatehouse
