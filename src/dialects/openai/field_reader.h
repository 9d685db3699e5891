// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/message.h"
#include "dialects/json/document.h"

#include <optional>

namespace gatehouse::openai {

// How a request's fields are read. Every reader names the field at fault in `param` as OpenAI spells it
// (`messages[0].role`), and says in `reason` what OpenAI's own code would be. Readers of optional fields take
// null as absent.

/// Members of one object that are looked at; more are refused, so that a search for duplicates stays cheap.
inline constexpr qsizetype maxMembers = 256;

[[nodiscard]] Error invalidField(const QByteArray &param, const QString &message, const QByteArray &reason);
[[nodiscard]] Error missingField(const QByteArray &param);
/// `expected` as in "a string or an array of strings".
[[nodiscard]] Error wrongType(const QByteArray &param, const char *expected, const json::Value &value);
/// The field holds more elements than `limit`.
[[nodiscard]] Error tooMany(const QByteArray &param, qsizetype limit);
/// The field's text has more bytes than `limit`.
[[nodiscard]] Error tooLong(const QByteArray &param, qsizetype limit);

struct NumberRange
{
    double least;
    double most;
};
[[nodiscard]] Result<void> readNumber(const json::Value &value, const QByteArray &param, NumberRange range,
                                      std::optional<double> &into);

struct IntegerRange
{
    qint64 least;
    qint64 most;
};
[[nodiscard]] Result<void> readInteger(const json::Value &value, const QByteArray &param, IntegerRange range,
                                       std::optional<qint64> &into);

[[nodiscard]] Result<void> readBoolean(const json::Value &value, const QByteArray &param, bool &into);
[[nodiscard]] Result<void> readString(const json::Value &value, const QByteArray &param, QByteArray &into);
/// A string of at most 512 bytes: names go to logs and metrics.
[[nodiscard]] Result<void> readName(const json::Value &value, const QByteArray &param, QByteArray &into);

/// A member of an object, and how an error names it.
struct Member
{
    QByteArray name;
    json::Value value;
    QByteArray param;
};
using Members = QList<Member>;

/// Parses a request's body, which must be an object. `whole`: how an error calls all of it.
[[nodiscard]] Result<json::Value> parseObject(json::Document &document, QByteArrayView body,
                                              const char *whole = "request body");

/// The object's members, where a name comes twice only the last one, in the order they came. `param` names
/// the object.
[[nodiscard]] Result<Members> uniqueMembers(const json::Value &object, const QByteArray &param);

/// The value's text as it came.
[[nodiscard]] OpaqueField opaqueField(const QByteArray &name, const json::Value &value);

/// `path[index]`
[[nodiscard]] QByteArray elementPath(QByteArrayView path, qsizetype index);
/// `path.name`, or the name alone where the path is empty.
[[nodiscard]] QByteArray memberPath(QByteArrayView path, QByteArrayView name);

} // namespace gatehouse::openai
