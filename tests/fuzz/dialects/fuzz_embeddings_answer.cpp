// SPDX-License-Identifier: GPL-3.0-or-later
// The input is an upstream's answer with vectors. The events must come in order and complete, and either
// spelling of them must read back the same.
#include "dialects/ollama/embeddings.h"
#include "dialects/openai/embeddings.h"
#include "fuzz/dialects/check_answer.h"

#include <cstdint>

using namespace gatehouse;

static QList<QList<float>> vectorsOf(const ChatEvents &events)
{
    QList<QList<float>> vectors;
    for (const ChatEvent &event : events) {
        if (const auto *computed = std::get_if<EmbeddingComputed>(&event)) {
            fuzz::require(computed->index == vectors.size() && !computed->values.isEmpty());
            vectors.append(computed->values);
        }
    }
    return vectors;
}

static void check(const ChatEvents &events, qsizetype inputs)
{
    const bool failed = std::holds_alternative<AnswerFailed>(events.first());
    fuzz::require(failed ? events.size() == 1 : std::holds_alternative<AnswerStarted>(events.first()));
    fuzz::require(failed || std::holds_alternative<AnswerCompleted>(events.last()));
    const QList<QList<float>> vectors = vectorsOf(events);
    fuzz::require(failed ? vectors.isEmpty() : vectors.size() == inputs);
    for (const auto format : {openai::VectorFormat::Float, openai::VectorFormat::Base64}) {
        openai::EmbeddingsEncoder encoder(format);
        QByteArray body;
        for (const ChatEvent &event : events)
            body += encoder.encode(event);
        fuzz::require(failed == body.isEmpty());
        if (!failed)
            fuzz::require(vectorsOf(openai::decodeEmbeddings(body, inputs)) == vectors);
    }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArrayView body(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    for (const qsizetype inputs : {1, 2}) {
        check(openai::decodeEmbeddings(body, inputs), inputs);
        check(ollama::decodeEmbeddings(body, inputs), inputs);
    }
    return 0;
}
