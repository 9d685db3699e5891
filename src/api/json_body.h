// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "dialects/json/document.h"

#include <memory>
#include <optional>

namespace gatehouse {

/// The body of a request to Gatehouse's own endpoints: one small JSON object. An empty body is an empty one.
class JsonBody
{
public:
    /// Errors: InvalidRequest. `known`: the members that it may have; another is refused by its name, because
    /// a misspelled limit must not be taken for none.
    [[nodiscard]] static Result<JsonBody> parse(const QByteArray &bytes,
                                                std::initializer_list<const char *> known);

    [[nodiscard]] json::Value find(const char *name) const;
    [[nodiscard]] bool has(const char *name) const { return find(name).exists(); }

    /// A text of 1 to `longest` characters. Errors: missing, wrong type, too long.
    [[nodiscard]] Result<QString> text(const char *name, int longest) const;

private:
    explicit JsonBody(std::unique_ptr<json::Document> document)
        : m_document(std::move(document))
    {}

    std::unique_ptr<json::Document> m_document; ///< Null: empty.
};

/// RFC 3339 in UTC with milliseconds (`2026-11-21T10:00:00.000Z`).
[[nodiscard]] QByteArray rfc3339(WallTime time);
/// An RFC 3339 time, a date alone (its beginning in UTC), or seconds since 1970; unset for anything else.
[[nodiscard]] std::optional<WallTime> parseTime(const QByteArray &text);

} // namespace gatehouse
