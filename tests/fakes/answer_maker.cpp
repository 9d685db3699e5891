// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/answer_maker.h"

#include "fakes/ollama_form.h"
#include "fakes/openai_form.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <utility>

namespace gatehouse::fakes {

namespace {

constexpr QByteArrayView Wish = "fake:";

QByteArray member(const QJsonObject &json, QLatin1String name)
{
    return json.value(name).toString().toUtf8();
}

/// The text of the last message, or of the prompt.
QByteArray lastText(const QJsonObject &body)
{
    const QJsonArray messages = body.value(QLatin1String("messages")).toArray();
    if (messages.isEmpty())
        return member(body, QLatin1String("prompt"));
    const QJsonValue content = messages.last().toObject().value(QLatin1String("content"));
    if (content.isArray())
        return member(content.toArray().first().toObject(), QLatin1String("text"));
    return content.toString().toUtf8();
}

Result<Behaviour> wishedFor(const Question &question, const QJsonObject &body)
{
    Result<Behaviour> behaviour = question.base;
    QByteArray text = lastText(body);
    const auto space = std::find_if(text.begin(), text.end(),
                                    [](char byte) { return QByteArrayView(" \t\r\n").contains(byte); });
    text.truncate(space - text.begin());
    for (const QByteArray &wish :
         {member(body, QLatin1String("user")), member(body, QLatin1String("model")), text}) {
        if (behaviour && wish.startsWith(Wish))
            behaviour = parseBehaviour(QByteArrayView(wish).sliced(Wish.size()), *behaviour);
    }
    if (behaviour)
        behaviour = parseBehaviour(question.request.header("x-fake"), *behaviour);
    return behaviour;
}

int inputCount(const QJsonObject &body)
{
    const QJsonArray input = body.value(QLatin1String("input")).toArray();
    const bool isOneText = input.isEmpty() || input.first().isDouble(); // Plain, or as token numbers.
    return isOneText ? 1 : int(input.size());
}

/// Makes the answers to one request, once its behaviour is known.
class Maker
{
public:
    Maker(const Question &question, const QJsonObject &body, Behaviour behaviour)
        : m_question(question)
        , m_body(body)
        , m_behaviour(std::move(behaviour))
        , m_model(member(body, QLatin1String("model")))
    {}

    std::unique_ptr<Answer> make();

private:
    std::unique_ptr<Answer> whole(const QByteArray &json, int tokens = 0) const;
    std::unique_ptr<Answer> refusal(int status, const QByteArray &message) const;
    std::unique_ptr<Answer> chat(std::unique_ptr<AnswerForm> form, bool stream) const;
    std::unique_ptr<Answer> openAi(bool isChat) const;
    std::unique_ptr<Answer> ollama(OllamaForm::Kind kind) const;
    bool isOllama() const { return m_question.request.path.startsWith("/api/"); }

    const Question &m_question;
    const QJsonObject &m_body;
    Behaviour m_behaviour;
    QByteArray m_model;
};

std::unique_ptr<Answer> Maker::make()
{
    if (m_behaviour.status != 200)
        return refusal(m_behaviour.status,
                       "the fake upstream answers " + QByteArray::number(m_behaviour.status));
    if (m_behaviour.fault.is(Fault::Kind::Redirect)) {
        const AnswerHead head{.status = 307, .moreFields = "Location: /fake/elsewhere\r\n"};
        return std::make_unique<WholeAnswer>(m_behaviour, m_question.receivedAt, head, "{}");
    }
    const QByteArray what = m_question.request.method + ' ' + m_question.request.path;
    if (what == "POST /v1/chat/completions")
        return openAi(true);
    if (what == "POST /v1/completions")
        return openAi(false);
    if (what == "POST /api/chat")
        return ollama(OllamaForm::Kind::Chat);
    if (what == "POST /api/generate")
        return ollama(OllamaForm::Kind::Generate);
    if (what == "GET /v1/models")
        return whole(openAiModels(m_question.models));
    if (what == "GET /api/tags")
        return whole(ollamaTags(m_question.models));
    if (what == "POST /v1/embeddings") {
        const bool base64 = member(m_body, QLatin1String("encoding_format")) == "base64";
        return whole(openAiEmbeddings(m_model, inputCount(m_body), m_behaviour.embeddingSize, base64));
    }
    if (what == "POST /api/embed")
        return whole(ollamaEmbeddings(m_model, inputCount(m_body), m_behaviour.embeddingSize));
    return refusal(404, "the fake upstream has no " + what);
}

std::unique_ptr<Answer> Maker::whole(const QByteArray &json, int tokens) const
{
    return std::make_unique<WholeAnswer>(m_behaviour, m_question.receivedAt, AnswerHead{}, json, tokens);
}

std::unique_ptr<Answer> Maker::refusal(int status, const QByteArray &message) const
{
    AnswerHead head{.status = status};
    if (m_behaviour.retryAfterSeconds)
        head.moreFields = "Retry-After: " + QByteArray::number(*m_behaviour.retryAfterSeconds) + "\r\n";
    const QByteArray body = isOllama() ? ollamaError(message) : openAiError(status, message);
    return std::make_unique<WholeAnswer>(m_behaviour, m_question.receivedAt, head, body);
}

std::unique_ptr<Answer> Maker::chat(std::unique_ptr<AnswerForm> form, bool stream) const
{
    if (stream)
        return std::make_unique<StreamedAnswer>(m_behaviour, m_question.receivedAt, std::move(form));
    const int units = m_behaviour.reasoningTokens +
                      (m_behaviour.toolCalls > 0 ? m_behaviour.toolCalls : m_behaviour.tokens);
    return whole(form->folded(), units);
}

std::unique_ptr<Answer> Maker::openAi(bool isChat) const
{
    const QJsonObject options = m_body.value(QLatin1String("stream_options")).toObject();
    const OpenAiAsk ask{.model = m_model,
                        .chat = isChat,
                        .includeUsage = options.value(QLatin1String("include_usage")).toBool()};
    return chat(std::make_unique<OpenAiForm>(m_behaviour, ask, m_question.id),
                m_body.value(QLatin1String("stream")).toBool(false));
}

std::unique_ptr<Answer> Maker::ollama(OllamaForm::Kind kind) const
{
    // Ollama streams unless told otherwise.
    return chat(std::make_unique<OllamaForm>(m_behaviour, m_model, kind),
                m_body.value(QLatin1String("stream")).toBool(true));
}

} // namespace

std::unique_ptr<Answer> makeAnswer(const Question &question)
{
    const QJsonObject body = QJsonDocument::fromJson(question.request.body).object();
    const Result<Behaviour> behaviour = wishedFor(question, body);
    if (behaviour)
        return Maker(question, body, *behaviour).make();
    Behaviour refusing = question.base;
    refusing.fault = {};
    const AnswerHead head{.status = 400};
    return std::make_unique<WholeAnswer>(refusing, question.receivedAt, head,
                                         openAiError(400, behaviour.error().message.toUtf8()));
}

} // namespace gatehouse::fakes
