// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/message_json.h"

#include "dialects/json/document.h"
#include "dialects/openai/message_decoder.h"
#include "dialects/openai/request_encoder.h"

namespace gatehouse::openai {

QByteArray encodeMessage(const Message &message)
{
    const QByteArray body = encodeRequest({.input = Conversation{{message}}}, "m");
    json::Document document;
    if (document.parse(body) != json::Document::Status::Valid)
        return {};
    return (*document.root().find("messages").begin()).raw().toByteArray();
}

Result<Message> decodeMessage(QByteArrayView json)
{
    json::Document document;
    (void)document.parse('[' + json.toByteArray() + ']');
    Result<QList<Message>> messages = decodeMessages(document.root(), "message");
    if (!messages)
        return messages.error();
    return std::move(messages->first());
}

} // namespace gatehouse::openai
