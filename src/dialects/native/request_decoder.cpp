// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/native/request_decoder.h"

#include "dialects/native/chat_members.h"

namespace gatehouse::native {

Result<ChatBody> decodeChatBody(QByteArrayView body)
{
    json::Document document;
    const Result<json::Value> root = openai::parseObject(document, body);
    if (!root)
        return root.error();
    Result<openai::Members> members = openai::uniqueMembers(*root, {});
    if (!members)
        return std::move(members).error();
    return decodeChatMembers(*std::move(members), {});
}

} // namespace gatehouse::native
