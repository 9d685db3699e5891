// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/context_window.h"

#include "exchange/usage_estimate.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// What a template writes around each message.
constexpr qint64 tokensOfFrame = 8;
constexpr qint64 bytesOfToken = 3;

qint64 tokensOf(const Message &message)
{
    qint64 bytes = 0;
    for (const ContentPart &part : message.content.value_or(QList<ContentPart>()))
        bytes += part.text.size() + part.json.size();
    for (const ToolCall &call : message.toolCalls)
        bytes += call.name.size() + call.arguments.size();
    return bytes / bytesOfToken + tokensOfFrame;
}

qint64 tokensOf(const QList<Message> &messages)
{
    qint64 tokens = 0;
    for (const Message &message : messages)
        tokens += tokensOf(message);
    return tokens;
}

bool isInstruction(const Message &message)
{
    return message.role == Role::System || message.role == Role::Developer;
}

bool saysNothing(const Message &message)
{
    return message.toolCalls.isEmpty() && (!message.content || message.content->isEmpty() ||
                                           (message.contentIsString && plainText(message).isEmpty()));
}

/// The turns that got an answer, oldest first.
QList<QList<Message>> turnsOf(const QList<Message> &history)
{
    QList<QList<Message>> turns;
    for (const Message &message : history) {
        if (isInstruction(message) || (message.role == Role::Assistant && saysNothing(message)))
            continue;
        if (message.role == Role::User)
            turns.append(QList<Message>{message});
        else if (!turns.isEmpty()) // Else its beginning was cut off.
            turns.last().append(message);
    }
    turns.removeIf([](const QList<Message> &turn) { return turn.last().role != Role::Assistant; });
    return turns;
}

/// Calls that nobody answered are an error to every server, so a turn that ends in one goes along only where
/// what is said now answers it.
void dropUnansweredCalls(QList<QList<Message>> &turns, const QList<Message> &messages)
{
    const auto first = std::find_if_not(messages.begin(), messages.end(), isInstruction);
    const bool bringsResult = first != messages.end() && first->role == Role::Tool;
    for (qsizetype i = turns.size() - 1; i >= 0; --i) {
        const bool isNewest = i == turns.size() - 1;
        if (!turns.at(i).last().toolCalls.isEmpty() && !(isNewest && bringsResult))
            turns.removeAt(i);
    }
}

const Message *newestInstruction(const QList<Message> &history)
{
    const auto found = std::find_if(history.rbegin(), history.rend(), isInstruction);
    return found == history.rend() ? nullptr : &*found;
}

} // namespace

qint64 roomForHistory(const ChatRequest &request, qint64 window)
{
    const auto *conversation = std::get_if<Conversation>(&request.input);
    const qint64 own = conversation ? tokensOf(conversation->messages) : 0;
    const qint64 tools = request.tools.size() / bytesOfToken;
    const qint64 answer = std::min(request.maxTokens.value_or(window / 4), window / 2);
    return std::max<qint64>(0, window - own - tools - answer);
}

QList<Message> withHistory(const QList<Message> &history, const QList<Message> &messages, qint64 room)
{
    QList<Message> sent;
    const bool isInstructed = std::any_of(messages.begin(), messages.end(), isInstruction);
    const Message *instruction = isInstructed ? nullptr : newestInstruction(history);
    if (instruction) {
        sent.append(*instruction);
        room -= tokensOf(*instruction);
    }
    QList<QList<Message>> turns = turnsOf(history);
    dropUnansweredCalls(turns, messages);
    auto first = turns.end();
    while (first != turns.begin() && tokensOf(*std::prev(first)) <= room)
        room -= tokensOf(*--first);

    // Instructions stay in front, where every template expects them.
    const auto own = std::find_if_not(messages.begin(), messages.end(), isInstruction);
    std::copy(messages.begin(), own, std::back_inserter(sent));
    for (auto turn = first; turn != turns.end(); ++turn)
        sent += *turn;
    std::copy(own, messages.end(), std::back_inserter(sent));
    return sent;
}

} // namespace gatehouse
