// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/answer_encoder.h"
#include "dialects/openai/event_decoder.h"
#include "dialects/sse/sse_decoder.h"

#include <QTest>

using namespace gatehouse;

/// What one relayed token costs in this room: SSE → event → SSE. The budget is 2 µs in a release build
/// (tests/bench has the whole path); the bytes are checked, so that a fast way to nothing does not count.
class TestChunkCost : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void relayOneChunk();
};

void TestChunkCost::relayOneChunk()
{
    const QByteArray chunk =
        "data: {\"id\":\"chatcmpl-8f5d7c0f2b0e4b6f9a1c2d3e4f5a6b7c\",\"object\":\"chat.completion.chunk\","
        "\"created\":1722441600,\"model\":\"meta-llama/"
        "Llama-3.1-8B-Instruct\",\"choices\":[{\"index\":0,\"delta\":"
        "{\"content\":\" example\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
    sse::SseDecoder sse;
    openai::EventDecoder decoder("call_x");
    openai::AnswerEncoder encoder({.id = "chatcmpl-1", .created = 1, .model = "m", .stream = true});
    QByteArray out;
    const auto relay = [&] {
        sse.append(chunk);
        while (const auto event = sse.next()) {
            for (const ChatEvent &decoded : decoder.feed(event->data))
                out = encoder.encode(decoded);
        }
    };
    relay();
    QVERIFY(out.contains("\"role\":\"assistant\""));
    QBENCHMARK
    {
        relay();
    }
    QCOMPARE(
        out,
        QByteArray(
            "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
            "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" example\"},\"logprobs\":null,"
            "\"finish_reason\":null}]}\n\n"));
}

QTEST_GUILESS_MAIN(TestChunkCost)
#include "tst_chunk_cost.moc"
