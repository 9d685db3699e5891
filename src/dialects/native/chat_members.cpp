// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/native/chat_members.h"

#include "dialects/json/writer.h"
#include "dialects/openai/request_decoder.h"

#include <algorithm>
#include <array>

namespace gatehouse::native {

namespace {

using openai::invalidField;
using openai::Member;
using openai::memberPath;
using openai::Members;

constexpr qsizetype maxSessionIdBytes = 256;
constexpr QByteArrayView tokenLimit = "max_tokens";
/// They say what is asked, not how it is to be answered, and have their place beside `params` and `options`.
constexpr std::array<QByteArrayView, 6> ownNames{"message",    "messages", "system",
                                                 "session_id", "params",   "options"};

/// Takes the member out.
/// \returns it, or nothing where it is missing or null.
std::optional<Member> take(Members &members, QByteArrayView name)
{
    const auto found = std::ranges::find(members, name, &Member::name);
    if (found == members.end())
        return {};
    const Member member = *found;
    members.erase(members.begin() + (found - members.begin()));
    return member.value.isNull() ? std::nullopt : std::optional(member);
}

/// The limit has three names, which are one when it is asked who says it.
QByteArrayView meaningOf(QByteArrayView name)
{
    return name == "max_completion_tokens" || name == "num_predict" ? tokenLimit : name;
}

bool says(const Members &members, QByteArrayView name)
{
    const auto meansThat = [meaning = meaningOf(name)](const Member &member) {
        return meaningOf(member.name) == meaning && !member.value.isNull();
    };
    return std::ranges::any_of(members, meansThat);
}

/// Adds one member of `params` or `options`.
void add(Members &members, Member member)
{
    if (says(members, member.name))
        return;
    if (member.name == "num_predict") { // Ollama's word, where −1 and −2 are no limit.
        if (member.value.integer().value_or(0) < 0)
            return;
        member.name = tokenLimit.toByteArray();
    }
    members.removeIf([&member](const Member &null) { return null.name == member.name; });
    members.append(std::move(member));
}

/// Members that nobody here knows: those of `params` go on as the body's own, those of `options` in
/// `options`, where Ollama reads them.
enum class Unknown { Body, Rest };

/// \returns the JSON of what is left of the group, or nothing.
Result<QByteArray> spread(Members &members, const std::optional<Member> &group, Unknown unknown)
{
    if (!group)
        return QByteArray();
    if (!group->value.isObject())
        return openai::wrongType(group->param, "an object", group->value);
    const Result<Members> inner = openai::uniqueMembers(group->value, group->param);
    if (!inner)
        return inner.error();
    QByteArray rest;
    json::Writer writer(rest);
    writer.beginObject();
    for (const Member &member : *inner) {
        if (std::ranges::find(ownNames, member.name) != ownNames.end())
            return invalidField(member.param,
                                QStringLiteral("'%1' does not belong inside '%2'.")
                                    .arg(QString::fromUtf8(member.name), QString::fromUtf8(group->param)),
                                "invalid_value");
        if (unknown == Unknown::Body || member.name == "num_predict" || openai::isChatMember(member.name))
            add(members, member);
        else
            writer.key(member.name).raw(member.value.raw());
    }
    writer.endObject();
    return rest == "{}" ? QByteArray() : rest;
}

Result<QByteArray> textOf(const std::optional<Member> &member)
{
    QByteArray text;
    if (!member)
        return text;
    if (auto read = openai::readString(member->value, member->param, text); !read)
        return std::move(read).error();
    return text;
}

Result<QByteArray> sessionIdOf(const std::optional<Member> &member)
{
    Result<QByteArray> id = textOf(member);
    if (id && id->size() > maxSessionIdBytes)
        return openai::tooLong(member->param, maxSessionIdBytes);
    return id;
}

/// Puts `system` and `message` where the conversation has them.
Result<void> addTurns(QList<Message> &messages, const std::optional<Member> &system,
                      const std::optional<Member> &message)
{
    Result<QByteArray> systemText = textOf(system);
    if (!systemText)
        return std::move(systemText).error();
    Result<QByteArray> text = textOf(message);
    if (!text)
        return std::move(text).error();
    if (message && text->isEmpty())
        return invalidField(message->param, QStringLiteral("The message must not be empty."), "empty_string");
    if (!systemText->isEmpty())
        messages.prepend(textMessage(Role::System, *std::move(systemText)));
    if (message)
        messages.append(textMessage(Role::User, *std::move(text)));
    return {};
}

Result<ChatForm> formOf(const Members &members, const std::optional<Member> &message, const QByteArray &path)
{
    const bool hasMessages = says(members, "messages");
    if (message && hasMessages)
        return invalidField(message->param,
                            QStringLiteral("Either 'message' or 'messages' may be given, not both."),
                            "invalid_value");
    if (!message && !hasMessages)
        return openai::missingField(memberPath(path, "messages"));
    return message ? ChatForm::Message : ChatForm::Messages;
}

} // namespace

json::Value valueOf(const Members &members, QByteArrayView name)
{
    const auto found = std::ranges::find(members, name, &Member::name);
    return found == members.end() || found->value.isNull() ? json::Value() : found->value;
}

Result<ChatBody> decodeChatMembers(Members members, const QByteArray &path)
{
    const std::optional<Member> message = take(members, "message");
    const std::optional<Member> system = take(members, "system");
    const std::optional<Member> params = take(members, "params");
    const std::optional<Member> options = take(members, "options");
    Result<QByteArray> sessionId = sessionIdOf(take(members, "session_id"));
    if (!sessionId)
        return std::move(sessionId).error();
    const Result<ChatForm> form = formOf(members, message, path);
    if (!form)
        return form.error();
    if (*form == ChatForm::Message)
        (void)take(members, "messages"); // It may be there as null.
    if (auto added = spread(members, params, Unknown::Body); !added)
        return std::move(added).error();
    Result<QByteArray> rest = spread(members, options, Unknown::Rest);
    if (!rest)
        return std::move(rest).error();
    Result<ChatRequest> request = openai::decodeChatMembers(members);
    if (!request)
        return std::move(request).error();
    if (auto added = addTurns(std::get<Conversation>(request->input).messages, system, message); !added)
        return std::move(added).error();
    if (!rest->isEmpty())
        request->extensions.append({.name = "options", .json = *std::move(rest)});
    return ChatBody{.request = *std::move(request), .form = *form, .sessionId = *std::move(sessionId)};
}

} // namespace gatehouse::native
