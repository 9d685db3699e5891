// SPDX-License-Identifier: GPL-3.0-or-later
// The input is a WebSocket message of a client. What is accepted must reach an upstream as JSON; what is
// refused must be answered by JSON.
#include "dialects/gemma/socket_messages.h"
#include "dialects/native/socket_messages.h"
#include "dialects/openai/request_encoder.h"
#include "fuzz/dialects/check_answer.h"

#include <cstdint>

using namespace gatehouse;

static void checkRefusal(const Error &error)
{
    fuzz::require(error.code == ErrorCode::InvalidRequest && !error.message.isEmpty());
    fuzz::requireJson(native::encodeSocketError(error));
    fuzz::requireJson(gemma::encodeError("s", error));
}

static void checkChat(const ChatRequest &request)
{
    fuzz::requireJson(openai::encodeRequest(request, "m"));
    fuzz::require(!std::get<Conversation>(request.input).messages.isEmpty());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArrayView text(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    const Result<native::SocketMessage> message = native::decodeSocketMessage(text);
    if (!message) {
        checkRefusal(message.error());
    } else if (const auto *chat = std::get_if<native::ChatBody>(&*message)) {
        checkChat(chat->request);
        fuzz::require(chat->request.stream);
    }
    const Result<gemma::SocketMessage> gemmaMessage = gemma::decodeSocketMessage(text);
    if (!gemmaMessage) {
        checkRefusal(gemmaMessage.error());
    } else if (const auto *chat = std::get_if<gemma::ChatMessage>(&*gemmaMessage)) {
        checkChat(chat->request);
        fuzz::requireJson(gemma::encodeConnected(chat->sessionId));
    }
    return 0;
}
