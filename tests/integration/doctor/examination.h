// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/doctor.h"

namespace gatehouse::test {

/// What the doctor said.
struct Examination
{
    int exitCode = -1; ///< −1: it never came to an end.
    QString text;

    [[nodiscard]] bool says(const char *words) const { return text.contains(QString::fromUtf8(words)); }
    /// `models failed` → the text behind, of the first such line; null where there is none.
    [[nodiscard]] QString finding(const char *step, const char *grade) const;
};

/// A route that gives up soon.
[[nodiscard]] RouteSettings routeTo(const QUrl &url, RouteKind kind = RouteKind::OpenAi);

[[nodiscard]] Examination examine(const Settings &settings, const QString &routeKey = {},
                                  const LocalBackendMaker &makeLocal = {});
[[nodiscard]] Examination examine(const RouteSettings &route);

} // namespace gatehouse::test
