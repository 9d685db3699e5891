// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <optional>

namespace gatehouse {

/// What one text has to look like. Gives the text in its one canonical spelling; nullopt: it is no such
/// thing.
using TextRule = std::optional<QString> (*)(const QString &text);

[[nodiscard]] std::optional<QString> hostText(const QString &text);     ///< An address, or a name (RFC 1123).
[[nodiscard]] std::optional<QString> modelText(const QString &text);    ///< A model's name.
[[nodiscard]] std::optional<QString> routeKeyText(const QString &text); ///< Folded to lower case.
[[nodiscard]] std::optional<QString> optionalRouteKeyText(const QString &text); ///< Or empty.
[[nodiscard]] std::optional<QString> optionalModelText(const QString &text);    ///< Or empty.
[[nodiscard]] std::optional<QString> originText(const QString &text);  ///< `*` or an origin (RFC 6454).
[[nodiscard]] std::optional<QString> networkText(const QString &text); ///< An address, or address/bits.
[[nodiscard]] std::optional<QString> pathText(const QString &text);    ///< A request path.
[[nodiscard]] std::optional<QString> fileText(const QString &text);    ///< A file's name, or empty.
/// What goes into a header as a credential: visible ASCII, at most 4096 characters; or empty.
[[nodiscard]] std::optional<QString> credentialText(const QString &text);
/// The name of a header field: a token (RFC 9110, 5.6.2) of at most 256 characters.
[[nodiscard]] std::optional<QString> headerNameText(const QString &text);
/// What stands in a header field: 1 to 4096 printable characters, the outer ones no spaces.
[[nodiscard]] std::optional<QString> headerValueText(const QString &text);
/// What only this process and its peers read: at most 4096 characters, none of them a control; or empty.
[[nodiscard]] std::optional<QString> passphraseText(const QString &text);
/// `postgresql://…`, `postgres://…` or `sqlite:///…`, each also with a driver (`postgresql+asyncpg://…`), or
/// empty. What follows is for the database to judge.
[[nodiscard]] std::optional<QString> databaseUrlText(const QString &text);
/// `redis://…` or `unix:///path` (`unix://:password@/path`).
[[nodiscard]] std::optional<QString> redisUrlText(const QString &text);
/// http or https, a host, no credentials, query or fragment; without the slash at its end.
[[nodiscard]] std::optional<QString> upstreamText(const QString &text);

} // namespace gatehouse
