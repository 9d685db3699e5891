// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/config_text.h"
#include "config/settings.h"
#include "config/table/setting_value.h"
#include "config/table/value_rules.h"

#include <cmath>
#include <functional>
#include <vector>

namespace gatehouse {

/// How a value is treated besides its type.
enum class SettingForm {
    Plain,
    File,   ///< A file's name; relative to the folder of the file that says so, else to the working folder.
    Url,    ///< May hold a password by mistake, so a refused one is never shown whole.
    Secret, ///< Never shown.
    SecretUrl, ///< Shown without its password; never where it is refused.
};

[[nodiscard]] inline bool isSecret(SettingForm form)
{
    return form == SettingForm::Secret || form == SettingForm::SecretUrl;
}

/// The way between one field of `Object` and what is written down.
template <typename Object>
struct Binding
{
    SettingForm form = SettingForm::Plain;
    QString expected; ///< "a whole number from 0 to 65535"
    std::function<bool(Object &, const SettingValue &)>
        assign; ///< False: not what is expected; nothing changed.
    std::function<SettingValue(const Object &)> read;
};

/// Gets at a field, const or not, of an Object.
template <typename Object, typename Get>
struct Field
{
    Get get;
};

template <typename Object, typename Value>
auto at(Value Object::*member)
{
    const auto get = [member](auto &object) -> auto &
    {
        return object.*member;
    };
    return Field<Object, decltype(get)>{get};
}

template <typename Object, typename Group, typename Value>
auto at(Group Object::*group, Value Group::*member)
{
    const auto get = [ group, member ](auto &object) -> auto &
    {
        return object.*group.*member;
    };
    return Field<Object, decltype(get)>{get};
}

template <typename Object, typename Get>
Binding<Object> integer(Field<Object, Get> field, qint64 smallest, qint64 largest)
{
    return {.expected = ConfigText::tr("a whole number from %1 to %2").arg(smallest).arg(largest),
            .assign =
                [=](Object &object, const SettingValue &value) {
                    const auto integer = integerOf(value);
                    if (!integer || *integer < smallest || *integer > largest)
                        return false;
                    auto &target = field.get(object);
                    target = static_cast<std::remove_reference_t<decltype(target)>>(*integer);
                    return true;
                },
            .read =
                [=](const Object &object) {
                    return static_cast<qint64>(field.get(object));
                }};
}

/// A rate: nothing below `smallest` but 0, which stands for no bound.
template <typename Object, typename Get>
Binding<Object> rate(Field<Object, Get> field, double smallest, double largest)
{
    return {.expected = ConfigText::tr("0, or a number from %1 to %2").arg(smallest).arg(largest, 0, 'f', 0),
            .assign =
                [=](Object &object, const SettingValue &value) {
                    const auto number = numberOf(value);
                    if (!number || *number > largest || (*number < smallest && *number != 0))
                        return false;
                    field.get(object) = *number;
                    return true;
                },
            .read =
                [=](const Object &object) {
                    const double number = field.get(object);
                    return number == std::floor(number) ? SettingValue(static_cast<qint64>(number))
                                                        : SettingValue(number);
                }};
}

/// A duration, written as a whole number of `Unit`s.
template <typename Unit, typename Object, typename Get>
Binding<Object> wholeUnits(Field<Object, Get> field, qint64 smallest, qint64 largest)
{
    return {.expected = ConfigText::tr("a whole number from %1 to %2").arg(smallest).arg(largest),
            .assign =
                [=](Object &object, const SettingValue &value) {
                    const auto integer = integerOf(value);
                    if (!integer || *integer < smallest || *integer > largest)
                        return false;
                    field.get(object) = Unit(*integer);
                    return true;
                },
            .read =
                [=](const Object &object) {
                    return static_cast<qint64>(std::chrono::duration_cast<Unit>(field.get(object)).count());
                }};
}

/// A std::optional<double>: nothing unless written down.
template <typename Object, typename Get>
Binding<Object> optionalNumber(Field<Object, Get> field, double smallest, double largest)
{
    return {.expected = ConfigText::tr("a number from %1 to %2").arg(smallest).arg(largest),
            .assign =
                [=](Object &object, const SettingValue &value) {
                    const auto number = numberOf(value);
                    if (!number || *number < smallest || *number > largest)
                        return false;
                    field.get(object) = *number;
                    return true;
                },
            .read =
                [=](const Object &object) {
                    const auto &number = field.get(object);
                    return number ? SettingValue(*number) : SettingValue();
                }};
}

/// Written in seconds, held in milliseconds.
template <typename Object, typename Get>
Binding<Object> seconds(Field<Object, Get> field, double smallest, double largest)
{
    return {.expected = ConfigText::tr("a number of seconds from %1 to %2").arg(smallest).arg(largest),
            .assign =
                [=](Object &object, const SettingValue &value) {
                    const auto number = numberOf(value);
                    if (!number || *number < smallest || *number > largest)
                        return false;
                    field.get(object) = std::chrono::milliseconds(std::llround(*number * 1000));
                    return true;
                },
            .read =
                [=](const Object &object) {
                    const qint64 ms = field.get(object).count();
                    return ms % 1000 == 0 ? SettingValue(ms / 1000)
                                          : SettingValue(static_cast<double>(ms) / 1000);
                }};
}

template <typename Object, typename Get>
Binding<Object> boolean(Field<Object, Get> field)
{
    return {.expected = ConfigText::tr("true or false"),
            .assign =
                [=](Object &object, const SettingValue &value) {
                    const auto flag = boolOf(value);
                    if (flag)
                        field.get(object) = *flag;
                    return flag.has_value();
                },
            .read =
                [=](const Object &object) {
                    return field.get(object);
                }};
}

template <typename Object, typename Get>
Binding<Object> text(Field<Object, Get> field, TextRule rule, const QString &expected)
{
    return {.form = rule == fileText ? SettingForm::File : SettingForm::Plain,
            .expected = expected,
            .assign =
                [=](Object &object, const SettingValue &value) {
                    const auto written = textOf(value);
                    const auto accepted = written ? rule(*written) : std::nullopt;
                    if (accepted)
                        field.get(object) = *accepted;
                    return accepted.has_value();
                },
            .read =
                [=](const Object &object) {
                    return field.get(object);
                }};
}

template <typename Object, typename Get>
Binding<Object> textList(Field<Object, Get> field, TextRule rule, const QString &expected)
{
    return {.expected = expected,
            .assign =
                [=](Object &object, const SettingValue &value) {
                    const auto written = listOf(value);
                    if (!written)
                        return false;
                    QStringList accepted;
                    for (const QString &entry : *written) {
                        const auto canonical = rule(entry);
                        if (!canonical)
                            return false;
                        accepted.append(*canonical);
                    }
                    accepted.removeDuplicates();
                    field.get(object) = accepted;
                    return true;
                },
            .read =
                [=](const Object &object) {
                    return field.get(object);
                }};
}

/// A Secret; whatever was written instead is never shown, either.
template <typename Object, typename Get>
Binding<Object> secret(Field<Object, Get> field, TextRule rule, const QString &expected)
{
    return {.form = SettingForm::Secret,
            .expected = expected,
            .assign =
                [=](Object &object, const SettingValue &value) {
                    const auto written = textOf(value);
                    const auto accepted = written ? rule(*written) : std::nullopt;
                    if (accepted)
                        field.get(object) = Secret(accepted->toUtf8());
                    return accepted.has_value();
                },
            .read =
                [=](const Object &object) {
                    return QString::fromUtf8(field.get(object).reveal());
                }};
}

/// A Secret that says where something is, with a password among it.
template <typename Object, typename Get>
Binding<Object> secretUrl(Field<Object, Get> field, TextRule rule, const QString &expected)
{
    Binding<Object> binding = secret(field, rule, expected);
    binding.form = SettingForm::SecretUrl;
    return binding;
}

/// A Secret that is shown in a header.
template <typename Object, typename Get>
Binding<Object> credential(Field<Object, Get> field)
{
    return secret(field, credentialText, ConfigText::tr("visible ASCII characters without a space"));
}

template <typename Object, typename Get>
Binding<Object> upstreamUrl(Field<Object, Get> field)
{
    return {.form = SettingForm::Url,
            .expected = ConfigText::tr("an http or https URL without credentials, query or fragment"),
            .assign =
                [=](Object &object, const SettingValue &value) {
                    const auto written = textOf(value);
                    const auto accepted = written ? upstreamText(*written) : std::nullopt;
                    if (accepted)
                        field.get(object) = QUrl(*accepted, QUrl::StrictMode);
                    return accepted.has_value();
                },
            .read =
                [=](const Object &object) {
                    return field.get(object).toString();
                }};
}

/// One word for one value of an enumeration. A value's first word is its name; the others are other servers'.
template <typename Value>
struct Word
{
    const char *word;
    Value value;
    bool isOwn = true;
};

template <typename Object, typename Get, typename Value>
Binding<Object> choice(Field<Object, Get> field, const std::vector<Word<Value>> &words)
{
    QStringList own;
    for (const auto &word : words) {
        if (word.isOwn)
            own.append(QString::fromLatin1(word.word));
    }
    return {.expected = ConfigText::tr("one of %1").arg(own.join(QStringLiteral(", "))),
            .assign =
                [=](Object &object, const SettingValue &value) {
                    const QString written = textOf(value).value_or(QString()).trimmed().toLower();
                    for (const auto &word : words) {
                        if (written == QLatin1String(word.word)) {
                            field.get(object) = word.value;
                            return true;
                        }
                    }
                    return false;
                },
            .read =
                [=](const Object &object) {
                    for (const auto &word : words) {
                        if (word.value == field.get(object))
                            return SettingValue(QString::fromLatin1(word.word));
                    }
                    return SettingValue();
                }};
}

} // namespace gatehouse
