// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/socket_answer.h"

#include "api/lane_context.h"

namespace gatehouse {

SocketAnswer::SocketAnswer(Ticket ticket, std::unique_ptr<AnswerEncoder> encoder, LaneContext &context,
                           QObject *parent)
    : QObject(parent)
    , m_ticket(std::move(ticket))
    , m_encoder(std::move(encoder))
    , m_context(context)
    , m_inquiry(m_ticket, context, nullptr)
{
    connect(&m_inquiry, &Inquiry::refused, this, &SocketAnswer::refuse);
    connect(&m_inquiry, &Inquiry::event, this, &SocketAnswer::show);
}

void SocketAnswer::start(Question question)
{
    const RequestRecord &record = m_ticket.record();
    m_context.limiter().admit(
        m_context.limitSubject(record.client, record.caller), this,
        [this, question = std::move(question)](const Decision<Admitted> &decision) mutable {
            if (m_stopped)
                return;
            if (const auto *refusal = std::get_if<Refusal>(&decision))
                return refuse(*refusal);
            if (m_ticket.record().caller.key)
                m_context.store().noteKeyUsed(m_ticket.record().caller.keyId);
            m_inquiry.start(std::move(question));
        });
}

void SocketAnswer::stop()
{
    m_stopped = true;
    m_inquiry.stop();
}

void SocketAnswer::refuse(const Refusal &refusal)
{
    m_ticket.failed(refusal.error);
    show(AnswerFailed{refusal.error});
}

void SocketAnswer::show(const ChatEvent &event)
{
    if (const QByteArray bytes = m_encoder->encode(event); !bytes.isEmpty())
        Q_EMIT text(bytes);
    if (std::holds_alternative<AnswerCompleted>(event) || std::holds_alternative<AnswerFailed>(event))
        Q_EMIT ended();
}

} // namespace gatehouse
