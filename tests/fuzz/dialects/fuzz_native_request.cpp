// SPDX-License-Identifier: GPL-3.0-or-later
// The input is a body of POST /api/chat. What is accepted must reach an upstream as JSON without what is
// Gatehouse's own, and say the same when it is read there by such a decoder again.
#include "dialects/native/request_decoder.h"
#include "dialects/ollama/request_encoder.h"
#include "dialects/openai/error_body.h"
#include "dialects/openai/request_encoder.h"
#include "fuzz/dialects/check_answer.h"

#include <cstdint>

using namespace gatehouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArrayView body(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    const Result<native::ChatBody> chat = native::decodeChatBody(body);
    if (!chat) {
        fuzz::require(chat.error().code == ErrorCode::InvalidRequest && !chat.error().message.isEmpty());
        fuzz::requireJson(openai::encodeError(chat.error(), openai::ErrorForm::WithDetail));
        return 0;
    }
    const QByteArray encoded = openai::encodeRequest(chat->request, "m");
    fuzz::requireJson(encoded);
    for (const OpaqueField &field : chat->request.extensions) {
        for (const char *own : {"message", "messages", "system", "session_id", "params", "modelKey"})
            fuzz::require(field.name != own);
    }
    const Result<native::ChatBody> again = native::decodeChatBody(encoded);
    fuzz::require(again.has_value() && again->form == native::ChatForm::Messages &&
                  again->sessionId.isEmpty());
    fuzz::require(openai::encodeRequest(again->request, "m") == encoded);
    if (const Result<QByteArray> asked = ollama::encodeRequest(chat->request, "m"))
        fuzz::requireJson(*asked);
    return 0;
}
