// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/gemma/answer_encoder.h"

#include "dialects/gemma/envelope_writer.h"
#include "dialects/gemma/socket_messages.h"

#include <utility>

namespace gatehouse::gemma {

AnswerEncoder::AnswerEncoder(AnswerHead head)
    : m_head(std::move(head))
    , m_tally(m_head.id, m_head.model)
{}

QByteArray AnswerEncoder::encode(const ChatEvent &event)
{
    if (m_over)
        return {};
    m_tally.add(event);
    if (const auto *failed = std::get_if<AnswerFailed>(&event)) {
        m_over = true;
        return encodeError(m_head.sessionId, failed->error);
    }
    if (std::holds_alternative<AnswerCompleted>(event)) {
        m_over = true;
        return encodeEnd();
    }
    return m_head.stream ? encodeChunk(native::textOf(event)) : QByteArray();
}

QByteArray AnswerEncoder::encodeChunk(QByteArrayView text) const
{
    if (text.isEmpty())
        return {};
    EnvelopeWriter envelope("chat_chunk", m_head.sessionId);
    envelope.data().key("content").string(text).key("delta").string(text);
    return envelope.finish();
}

QByteArray AnswerEncoder::encodeEnd() const
{
    EnvelopeWriter envelope("chat_complete", m_head.sessionId);
    const auto latency = m_head.latency ? m_head.latency() : std::chrono::milliseconds(0);
    m_tally.write(envelope.data(), latency, {"content", "response"});
    return envelope.finish();
}

} // namespace gatehouse::gemma
