// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat/message.h"

namespace gatehouse {

QByteArray plainText(const Message &message)
{
    QByteArray text;
    if (message.content) {
        for (const ContentPart &part : *message.content)
            text += part.text;
    }
    return text;
}

Message textMessage(Role role, QByteArray text)
{
    return {.role = role,
            .content = QList<ContentPart>{{.type = "text", .text = std::move(text), .json = {}}}};
}

} // namespace gatehouse
