// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/native/answer_encoder.h"

#include "dialects/native/socket_messages.h"
#include "dialects/openai/error_body.h"

#include <utility>

namespace gatehouse::native {

using json::Writer;

AnswerEncoder::AnswerEncoder(AnswerHead head)
    : m_head(std::move(head))
    , m_tally(m_head.id, m_head.model)
{}

QByteArray AnswerEncoder::encode(const ChatEvent &event)
{
    if (m_over)
        return {};
    m_tally.add(event);
    const bool folded = m_head.framing == Framing::Folded;
    if (const auto *failed = std::get_if<AnswerFailed>(&event)) {
        m_over = true;
        return folded ? openai::encodeError(failed->error, openai::ErrorForm::WithDetail)
                      : frame(encodeSocketError(failed->error));
    }
    if (std::holds_alternative<AnswerCompleted>(event)) {
        m_over = true;
        return encodeEnd();
    }
    if (folded)
        return {};
    if (const auto *thought = std::get_if<ReasoningDelta>(&event))
        return thought->choice == 0 ? encodeToken("reasoning", thought->text) : QByteArray();
    if (const auto *finished = std::get_if<ChoiceFinished>(&event))
        return finished->choice == 0 ? encodeToolCalls() : QByteArray();
    return encodeToken("token", textOf(event));
}

QByteArray AnswerEncoder::encodeToken(QByteArrayView type, QByteArrayView token) const
{
    if (token.isEmpty())
        return {};
    QByteArray json;
    Writer(json).beginObject().key("type").string(type).key("token").string(token).endObject();
    return frame(json);
}

QByteArray AnswerEncoder::encodeToolCalls() const
{
    if (m_tally.toolCalls().isEmpty())
        return {};
    QByteArray json;
    Writer writer(json);
    writer.beginObject().key("type").string("tool_calls");
    openai::writeToolCalls(writer, m_tally.toolCalls());
    writer.endObject();
    return frame(json);
}

QByteArray AnswerEncoder::encodeEnd() const
{
    QByteArray json;
    Writer writer(json);
    writer.beginObject();
    if (m_head.framing != Framing::Folded)
        writer.key("type").string("done");
    m_tally.write(writer, m_head.latency ? m_head.latency() : std::chrono::milliseconds(0), {"content"});
    writer.endObject();
    return frame(json);
}

QByteArray AnswerEncoder::frame(const QByteArray &json) const
{
    return m_head.framing == Framing::Events ? "data: " + json + "\n\n" : json;
}

} // namespace gatehouse::native
