// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

#include <optional>

namespace gatehouse {

enum class Role { System, Developer, User, Assistant, Tool };

/// A member of a JSON object that Gatehouse does not interpret: its name and its value's text, byte for byte
/// as it came. It travels from the decoder to an encoder of the same dialect and is never looked into
/// between.
struct OpaqueField
{
    QByteArray name; ///< Unescaped.
    QByteArray json; ///< One valid JSON value.
    friend bool operator==(const OpaqueField &, const OpaqueField &) = default;
};
using OpaqueFields = QList<OpaqueField>;

/// One piece of a message's content: text, or something that only a capable model reads (an image, audio, a
/// file).
struct ContentPart
{
    QByteArray type; ///< `text`, or the caller's own word (`image_url`, `input_audio`, …).
    QByteArray text; ///< UTF-8; set when `type` is `text`.
    /// The whole part as it came; set for every other type, and for text with members besides these (a cache
    /// mark, say).
    QByteArray json;

    [[nodiscard]] bool isText() const { return type == "text"; }
    friend bool operator==(const ContentPart &, const ContentPart &) = default;
};

/// The model's wish to have a function called.
struct ToolCall
{
    QByteArray id;
    QByteArray name;
    QByteArray arguments;         ///< JSON text as the model wrote it; it may be invalid.
    OpaqueFields extensions = {}; ///< Some models want theirs back (a signature of their thinking).
    friend bool operator==(const ToolCall &, const ToolCall &) = default;
};

/// One turn of a conversation.
struct Message
{
    Role role = Role::User;
    /// Unset where there was none (null, beside tool calls). A plain string is one text part.
    std::optional<QList<ContentPart>> content = {};
    bool contentIsString = true; ///< Whether content came as one string: some servers refuse the list form.
    QByteArray name = {};
    QByteArray toolCallId = {};
    QList<ToolCall> toolCalls = {};
    OpaqueFields extensions = {};

    friend bool operator==(const Message &, const Message &) = default;
};

/// The text of all text parts, joined without a separator; empty without content.
[[nodiscard]] QByteArray plainText(const Message &message);

/// A message of one text part.
[[nodiscard]] Message textMessage(Role role, QByteArray text);

} // namespace gatehouse
