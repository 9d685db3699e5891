// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

namespace gatehouse::fakes {

/// Spells one chat answer in one API's form. `text` is put into JSON as it is: the fake's tokens need no
/// escaping, and the bytes of a fault must not get any.
class AnswerForm
{
public:
    virtual ~AnswerForm() = default;

    [[nodiscard]] virtual QByteArray streamType() const = 0; ///< `Content-Type` of the stream.
    /// The JSON of one event, delimited as the stream has it.
    [[nodiscard]] virtual QByteArray frame(const QByteArray &json) const = 0;
    [[nodiscard]] virtual QByteArray comment() const = 0; ///< Framed; empty where the form has none.

    [[nodiscard]] virtual QList<QByteArray> opening() const = 0;
    [[nodiscard]] virtual QByteArray token(const QByteArray &text) const = 0;
    [[nodiscard]] virtual QByteArray reasoning(const QByteArray &text) const = 0;
    [[nodiscard]] virtual QList<QByteArray> toolCall(int index) const = 0;
    [[nodiscard]] virtual QList<QByteArray> closing() const = 0;
    [[nodiscard]] virtual QByteArray done() const = 0; ///< Framed.

    [[nodiscard]] virtual QByteArray folded() const = 0; ///< The whole answer as one JSON object.
    [[nodiscard]] virtual QByteArray error(int status, const QByteArray &message) const = 0;
};

} // namespace gatehouse::fakes
