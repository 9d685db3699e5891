// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/field_reader.h"

namespace gatehouse::openai {

namespace {

QString quoted(const QByteArray &param)
{
    return QLatin1Char('\'') + QString::fromUtf8(param) + QLatin1Char('\'');
}

/// What to say of a whole request, which has no name.
QString subject(const QByteArray &param)
{
    return param.isEmpty() ? QStringLiteral("the request body") : quoted(param);
}

} // namespace

Error invalidField(const QByteArray &param, const QString &message, const QByteArray &reason)
{
    return {.code = ErrorCode::InvalidRequest, .message = message, .param = param, .reason = reason};
}

Error missingField(const QByteArray &param)
{
    return invalidField(param, QStringLiteral("Missing required parameter: %1.").arg(quoted(param)),
                        "missing_required_parameter");
}

Error wrongType(const QByteArray &param, const char *expected, const json::Value &value)
{
    return invalidField(
        param,
        QStringLiteral("Invalid type for %1: expected %2, but got %3 instead.")
            .arg(subject(param), QLatin1String(expected), QLatin1String(json::kindName(value.kind()))),
        "invalid_type");
}

Error tooMany(const QByteArray &param, qsizetype limit)
{
    return invalidField(param,
                        QStringLiteral("Invalid %1: it may hold at most %2.").arg(subject(param)).arg(limit),
                        "array_above_max_length");
}

Error tooLong(const QByteArray &param, qsizetype limit)
{
    return invalidField(
        param, QStringLiteral("Invalid %1: it may be at most %2 bytes long.").arg(subject(param)).arg(limit),
        "string_above_max_length");
}

Result<void> readNumber(const json::Value &value, const QByteArray &param, NumberRange range,
                        std::optional<double> &into)
{
    into.reset();
    if (value.isNull())
        return {};
    if (!value.isNumber())
        return wrongType(param, "a number", value);
    const std::optional<double> number = value.number();
    if (!number || *number < range.least || *number > range.most) {
        return invalidField(param,
                            QStringLiteral("Invalid %1: it must be between %2 and %3.")
                                .arg(quoted(param))
                                .arg(range.least)
                                .arg(range.most),
                            "invalid_value");
    }
    into = number;
    return {};
}

Result<void> readInteger(const json::Value &value, const QByteArray &param, IntegerRange range,
                         std::optional<qint64> &into)
{
    into.reset();
    if (value.isNull())
        return {};
    if (!value.isNumber())
        return wrongType(param, "an integer", value);
    const std::optional<qint64> integer = value.integer();
    if (!integer || *integer < range.least || *integer > range.most) {
        return invalidField(param,
                            QStringLiteral("Invalid %1: it must be a whole number between %2 and %3.")
                                .arg(quoted(param))
                                .arg(range.least)
                                .arg(range.most),
                            "invalid_value");
    }
    into = integer;
    return {};
}

Result<void> readBoolean(const json::Value &value, const QByteArray &param, bool &into)
{
    if (!value.isNull() && value.kind() != json::Kind::Boolean)
        return wrongType(param, "a boolean", value);
    into = value.isTrue();
    return {};
}

Result<void> readString(const json::Value &value, const QByteArray &param, QByteArray &into)
{
    if (!value.isNull() && !value.isString())
        return wrongType(param, "a string", value);
    into = value.string();
    return {};
}

Result<void> readName(const json::Value &value, const QByteArray &param, QByteArray &into)
{
    constexpr qsizetype maxNameBytes = 512;
    auto read = readString(value, param, into);
    if (read && into.size() > maxNameBytes)
        return tooLong(param, maxNameBytes);
    return read;
}

Result<json::Value> parseObject(json::Document &document, QByteArrayView body, const char *whole)
{
    const auto invalid = [whole](const char *what) {
        return invalidField({}, QStringLiteral("The %1 %2.").arg(QLatin1String(whole), QLatin1String(what)),
                            "invalid_json");
    };
    const auto status = document.parse(body);
    const json::Value root = document.root();
    if (root.isObject())
        return root;
    switch (status) {
    case json::Document::Status::Valid:
        return invalidField({},
                            QStringLiteral("Invalid type for the %1: expected an object, but got %2 instead.")
                                .arg(QLatin1String(whole), QLatin1String(json::kindName(root.kind()))),
                            "invalid_type");
    case json::Document::Status::NotJson:
        return invalid("is not valid JSON in UTF-8");
    case json::Document::Status::TooLarge:
        return invalid("holds too many values");
    case json::Document::Status::TooDeep:
        return invalid("is nested too deeply");
    }
    Q_UNREACHABLE();
}

Result<Members> uniqueMembers(const json::Value &object, const QByteArray &param)
{
    Members members;
    for (const json::Value value : object) {
        const QByteArray name = value.name();
        members.removeIf([&name](const Member &earlier) { return earlier.name == name; });
        if (members.size() == maxMembers)
            return tooMany(param, maxMembers);
        members.append({.name = name, .value = value, .param = memberPath(param, name)});
    }
    return members;
}

OpaqueField opaqueField(const QByteArray &name, const json::Value &value)
{
    return {.name = name, .json = value.raw().toByteArray()};
}

QByteArray elementPath(QByteArrayView path, qsizetype index)
{
    return path.toByteArray() + '[' + QByteArray::number(index) + ']';
}

QByteArray memberPath(QByteArrayView path, QByteArrayView name)
{
    return path.isEmpty() ? name.toByteArray() : path.toByteArray() + '.' + name.toByteArray();
}

} // namespace gatehouse::openai
