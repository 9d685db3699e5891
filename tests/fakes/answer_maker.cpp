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
constexpr QByteArrayView PathWish = "/as/";

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

/// The path of the API, and what the path before it wishes for: `/as/<list>/…/v1/models`.
struct Path
{
    explicit Path(const WireRequest &request)
        : api(QByteArray::fromPercentEncoding(request.path))
    {
        if (!api.startsWith(PathWish))
            return;
        const qsizetype end = api.indexOf('/', PathWish.size());
        if (request.method == "POST") // Lists of models are asked for by probes, too.
            wish = api.sliced(PathWish.size(), qMax<qsizetype>(end - PathWish.size(), 0));
        for (const char *root : {"/v1/", "/api/"}) {
            if (const qsizetype found = api.indexOf(root, end); found >= 0)
                api = api.sliced(found);
        }
    }

    QByteArray api;
    QByteArray wish;
};

Result<Behaviour> wishedFor(const Question &question, const Path &path, const QJsonObject &body)
{
    Result<Behaviour> behaviour = parseBehaviour(path.wish, question.base);
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
    Maker(const Question &question, const Path &path, const QJsonObject &body, Behaviour behaviour)
        : m_question(question)
        , m_path(path)
        , m_body(body)
        , m_behaviour(std::move(behaviour))
        , m_model(member(body, QLatin1String("model")))
    {}

    std::unique_ptr<Answer> make();

private:
    std::unique_ptr<Answer> whole(QByteArray json, int tokens = 0) const;
    std::unique_ptr<Answer> answerTo(const QByteArray &what) const;
    std::unique_ptr<Answer> refusal(int status, const QByteArray &message) const;
    std::unique_ptr<Answer> chat(std::unique_ptr<AnswerForm> form, bool stream) const;
    std::unique_ptr<Answer> openAi(bool isChat) const;
    std::unique_ptr<Answer> ollama(OllamaForm::Kind kind) const;
    bool isOllama() const { return m_path.api.startsWith("/api/"); }
    QByteArray errorBody(int status, const QByteArray &message) const
    {
        return isOllama() ? ollamaError(message) : openAiError(status, message, m_behaviour.errorCode);
    }

    const Question &m_question;
    const Path &m_path;
    const QJsonObject &m_body;
    Behaviour m_behaviour;
    QByteArray m_model;
};

std::unique_ptr<Answer> Maker::make()
{
    if (m_behaviour.fault.is(Fault::Kind::Empty))
        return std::make_unique<WholeAnswer>(m_behaviour, m_question.receivedAt,
                                             AnswerHead{.status = m_behaviour.status}, QByteArray());
    if (m_behaviour.status != 200)
        return refusal(m_behaviour.status,
                       "the fake upstream answers " + QByteArray::number(m_behaviour.status));
    if (m_behaviour.fault.is(Fault::Kind::Redirect)) {
        const AnswerHead head{.status = 307, .moreFields = "Location: /fake/elsewhere\r\n"};
        return std::make_unique<WholeAnswer>(m_behaviour, m_question.receivedAt, head, "{}");
    }
    return answerTo(m_question.request.method + ' ' + m_path.api);
}

std::unique_ptr<Answer> Maker::answerTo(const QByteArray &what) const
{
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

std::unique_ptr<Answer> Maker::whole(QByteArray json, int tokens) const
{
    if (m_behaviour.fault.is(Fault::Kind::ErrorEvent))
        json = errorBody(500, "the fake upstream fails, and says 200");
    return std::make_unique<WholeAnswer>(m_behaviour, m_question.receivedAt, AnswerHead{}, json, tokens);
}

std::unique_ptr<Answer> Maker::refusal(int status, const QByteArray &message) const
{
    AnswerHead head{.status = status};
    if (m_behaviour.retryAfterSeconds)
        head.moreFields = "Retry-After: " + QByteArray::number(*m_behaviour.retryAfterSeconds) + "\r\n";
    const QByteArray blanks(qsizetype(m_behaviour.tokens) * m_behaviour.tokenBytes, ' ');
    const QByteArray body = errorBody(status, message) + blanks;
    return std::make_unique<WholeAnswer>(m_behaviour, m_question.receivedAt, head, body);
}

std::unique_ptr<Answer> Maker::chat(std::unique_ptr<AnswerForm> form, bool stream) const
{
    if (stream && !m_behaviour.whole)
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
    const Path path(question.request);
    const Result<Behaviour> behaviour = wishedFor(question, path, body);
    if (behaviour)
        return Maker(question, path, body, *behaviour).make();
    Behaviour refusing = question.base;
    refusing.fault = {};
    const AnswerHead head{.status = 400};
    return std::make_unique<WholeAnswer>(refusing, question.receivedAt, head,
                                         openAiError(400, behaviour.error().message.toUtf8()));
}

} // namespace gatehouse::fakes
