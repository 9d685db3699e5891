// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

// Not in the tests themselves and not in a header, because moc 6.4 stumbles over raw strings.
namespace gatehouse {

extern const QByteArray
    weatherAndTimeTools;              ///< `tools`: get_weather(unit) and get_time(zone), each an enumeration.
extern const QByteArray personFormat; ///< `response_format`: an object with `kind` and `old`.
extern const QByteArray bracketsInStrings; ///< JSON of three levels with many brackets in its strings.

/// A template in the manner of DeepSeek's: the prompt ends with an open thought.
extern const QByteArray thinkingTemplate;

[[nodiscard]] QByteArray toolChoice(const QByteArray &name);
[[nodiscard]] QByteArray schemaFormat(const QByteArray &schema);

} // namespace gatehouse
