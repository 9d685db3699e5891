// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/socket_dialect.h"

#include "dialects/gemma/answer_encoder.h"
#include "dialects/gemma/socket_messages.h"
#include "dialects/native/answer_encoder.h"

namespace gatehouse {

namespace {

class NativeSocketDialect final : public SocketDialect
{
public:
    explicit NativeSocketDialect(QByteArray sessionId)
        : m_sessionId(std::move(sessionId))
    {}

    Result<Message> decode(QByteArrayView text) const override
    {
        Result<native::SocketMessage> decoded = native::decodeSocketMessage(text);
        if (!decoded)
            return decoded.error();
        if (auto *chat = std::get_if<native::ChatBody>(&*decoded))
            return Message(
                SocketQuestion{.request = std::move(chat->request),
                               .sessionId = m_sessionId.isEmpty() ? chat->sessionId : m_sessionId});
        if (std::holds_alternative<native::PingMessage>(*decoded))
            return Message(native::PingMessage{});
        return Message(native::CancelMessage{});
    }

    std::unique_ptr<AnswerEncoder> encoder(const SocketQuestion &, AnswerTerms terms) const override
    {
        return std::make_unique<native::AnswerEncoder>(
            native::AnswerHead{.id = std::move(terms.id),
                               .framing = native::Framing::Texts,
                               .latency = std::move(terms.latency)});
    }

    QByteArray error(const Error &error, QByteArrayView) const override
    {
        return native::encodeSocketError(error);
    }
    QByteArray pong() const override { return native::encodePong(); }

private:
    const QByteArray m_sessionId;
};

class GemmaSocketDialect final : public SocketDialect
{
public:
    explicit GemmaSocketDialect(QByteArray sessionId)
        : m_sessionId(std::move(sessionId))
    {}

    Result<Message> decode(QByteArrayView text) const override
    {
        Result<gemma::SocketMessage> decoded = gemma::decodeSocketMessage(text);
        if (!decoded)
            return decoded.error();
        if (auto *chat = std::get_if<gemma::ChatMessage>(&*decoded))
            return Message(
                SocketQuestion{.request = std::move(chat->request),
                               .sessionId = chat->sessionId.isEmpty() ? m_sessionId : chat->sessionId});
        if (std::holds_alternative<native::PingMessage>(*decoded))
            return Message(native::PingMessage{});
        return Message(native::CancelMessage{});
    }

    std::unique_ptr<AnswerEncoder> encoder(const SocketQuestion &question, AnswerTerms terms) const override
    {
        return std::make_unique<gemma::AnswerEncoder>(gemma::AnswerHead{.id = std::move(terms.id),
                                                                        .sessionId = question.sessionId,
                                                                        .stream = terms.stream,
                                                                        .latency = std::move(terms.latency)});
    }

    QByteArray error(const Error &error, QByteArrayView sessionId) const override
    {
        return gemma::encodeError(sessionId.isEmpty() ? QByteArrayView(m_sessionId) : sessionId, error);
    }
    QByteArray pong() const override { return gemma::encodePong(m_sessionId); }
    QByteArray greeting() const override { return gemma::encodeConnected(m_sessionId); }

private:
    const QByteArray m_sessionId;
};

} // namespace

std::unique_ptr<SocketDialect> makeNativeSocketDialect(QByteArray sessionId)
{
    return std::make_unique<NativeSocketDialect>(std::move(sessionId));
}

std::unique_ptr<SocketDialect> makeGemmaSocketDialect(QByteArray sessionId)
{
    return std::make_unique<GemmaSocketDialect>(std::move(sessionId));
}

} // namespace gatehouse
