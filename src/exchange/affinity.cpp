// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/affinity.h"

#include "routing/pool_choice.h"

namespace gatehouse {

namespace {

constexpr qsizetype mostBytes = 1024;

QByteArrayView beginningOf(const QByteArray &text)
{
    return QByteArrayView(text).first(std::min(text.size(), mostBytes));
}

QByteArray beginningOf(const QList<Message> &messages)
{
    QByteArray beginning;
    for (const Message &message : messages) {
        beginning += static_cast<char>('0' + static_cast<int>(message.role));
        beginning += beginningOf(plainText(message));
        if (message.role == Role::User)
            break;
    }
    return beginning;
}

} // namespace

quint64 affinityOf(const ChatRequest &request, const QByteArray &conversation)
{
    if (std::holds_alternative<EmbeddingInput>(request.input))
        return 0;
    if (!conversation.isEmpty())
        return stableHash(conversation);
    if (const auto *prompt = std::get_if<Prompt>(&request.input))
        return stableHash(beginningOf(prompt->texts.first()));
    return stableHash(beginningOf(std::get<Conversation>(request.input).messages));
}

} // namespace gatehouse
