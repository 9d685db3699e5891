// SPDX-License-Identifier: GPL-3.0-or-later
// The input is a body of POST /v1/embeddings. What is accepted must reach an upstream as JSON, and say the
// same when it is read there by such a decoder again.
#include "dialects/ollama/request_encoder.h"
#include "dialects/openai/embeddings.h"
#include "dialects/openai/error_body.h"
#include "dialects/openai/request_encoder.h"
#include "fuzz/dialects/check_answer.h"

#include <cstdint>

using namespace gatehouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArrayView input(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    const Result<openai::EmbeddingsBody> body = openai::decodeEmbeddingsRequest(input);
    if (!body) {
        fuzz::require(body.error().code == ErrorCode::InvalidRequest && !body.error().message.isEmpty());
        fuzz::requireJson(openai::encodeError(body.error()));
        return 0;
    }
    const auto &wanted = std::get<EmbeddingInput>(body->request.input);
    fuzz::require(wanted.texts.isEmpty() != wanted.tokens.isEmpty());
    fuzz::require(openai::vectorCount(wanted) > 0 &&
                  openai::vectorCount(wanted) <= openai::maxEmbeddingInputs);
    const QByteArray encoded = openai::encodeRequest(body->request, "m");
    fuzz::requireJson(encoded);
    const Result<openai::EmbeddingsBody> again = openai::decodeEmbeddingsRequest(encoded);
    fuzz::require(again.has_value() && openai::encodeRequest(again->request, "m") == encoded);
    if (const Result<QByteArray> asked = ollama::encodeRequest(body->request, "m"))
        fuzz::requireJson(*asked);
    else
        fuzz::require(!wanted.tokens.isEmpty());
    return 0;
}
