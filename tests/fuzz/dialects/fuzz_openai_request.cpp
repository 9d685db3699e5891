// SPDX-License-Identifier: GPL-3.0-or-later
// The input is a caller's body. What is accepted must reach an upstream as JSON, and say the same when it is
// read there by such a decoder again.
#include "dialects/ollama/request_encoder.h"
#include "dialects/openai/error_body.h"
#include "dialects/openai/request_decoder.h"
#include "dialects/openai/request_encoder.h"
#include "fuzz/dialects/check_answer.h"

#include <cstdint>

using namespace gatehouse;

using Decode = Result<ChatRequest> (*)(QByteArrayView);

static void check(Decode decode, QByteArrayView body)
{
    const Result<ChatRequest> request = decode(body);
    if (!request) {
        fuzz::require(request.error().code == ErrorCode::InvalidRequest &&
                      !request.error().message.isEmpty());
        fuzz::requireJson(openai::encodeError(request.error()));
        return;
    }
    const QByteArray encoded = openai::encodeRequest(*request, "m");
    fuzz::requireJson(encoded);
    const Result<ChatRequest> again = decode(encoded);
    fuzz::require(again.has_value());
    fuzz::require(openai::encodeRequest(*again, "m") == encoded);
    if (const Result<QByteArray> asked = ollama::encodeRequest(*request, "m"))
        fuzz::requireJson(*asked);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArrayView body(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    check(openai::decodeChatRequest, body);
    check(openai::decodeCompletionRequest, body);
    return 0;
}
