// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/doctor_service_check.h"

#include "cli/doctor_model_words.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr char greeting[] = "Hello!";

/// Within the bound of one step.
RouteSettings bounded(RouteSettings route)
{
    using std::chrono::milliseconds;
    route.timeouts.total = std::min<milliseconds>(route.timeouts.total, DoctorServiceCheck::longestWait);
    return route;
}

RouteSettings reading(const RouteSettings &route, RouteKind kind, const QString &path)
{
    RouteSettings other = route;
    other.kind = kind;
    other.url.setPath(path);
    return other;
}

/// What the operator may have meant, where nothing of the kind answers at the url.
std::deque<RouteSettings> otherReadings(const RouteSettings &route)
{
    const QString v1 = QStringLiteral("/v1");
    QString path = route.url.path();
    while (path.endsWith(u'/'))
        path.chop(1);
    if (route.kind == RouteKind::Ollama)
        return {reading(route, RouteKind::OpenAi, path + v1)};
    if (path.endsWith(v1))
        return {reading(route, RouteKind::Ollama, path.chopped(v1.size()))};
    return {reading(route, RouteKind::OpenAi, path + v1), reading(route, RouteKind::Ollama, path)};
}

/// Whether the url or the kind may be wrong, as the answer is none of this API.
bool isOfAnotherApi(const Error &error)
{
    const int status = error.upstreamStatus;
    return status == 400 || status == 404 || status == 405 ||
           (error.code == ErrorCode::UpstreamFailed && status == 0);
}

/// As OpenAI's models that think do.
bool isAboutTheBound(const Error &error)
{
    return error.code == ErrorCode::UpstreamRejected &&
           (error.message.contains(QLatin1String("max_tokens")) ||
            error.message.contains(QLatin1String("max_completion_tokens")));
}

} // namespace

DoctorServiceCheck::DoctorServiceCheck(const RouteSettings &route, QString preferredModel, HttpClient &http,
                                       const LocalBackendMaker &makeLocal, QObject *parent)
    : QObject(parent)
    , m_route(bounded(route))
    , m_preferredModel(std::move(preferredModel))
    , m_http(http)
    , m_makeLocal(makeLocal)
    , m_trial(route)
{
    m_patience.setSingleShot(true);
    connect(&m_patience, &QTimer::timeout, this, &DoctorServiceCheck::onPatienceLost);
    connect(&m_listing, &QFutureWatcherBase::finished, this, &DoctorServiceCheck::onListed);
}

bool DoctorServiceCheck::servesModel(const QString &model) const
{
    return m_models && serves(m_route, *m_models, model);
}

void DoctorServiceCheck::start()
{
    Result<std::unique_ptr<ChatBackend>> backend = makeBackend(m_route, m_http, m_makeLocal);
    if (!backend) {
        Q_EMIT found({.step = Finding::Step::Models,
                      .grade = Finding::Grade::Failed,
                      .text = backend.error().message});
        return end();
    }
    m_backend = *std::move(backend);
    m_listing.setFuture(m_backend->models());
}

void DoctorServiceCheck::onListed()
{
    const Models models = m_listing.future().resultCount() > 0
                              ? m_listing.result()
                              : Models(Error{.message = tr("The question for the models was not answered")});
    if (!m_otherReadings.empty()) {
        if (models)
            return giveUpOnModels(m_otherReadings.front());
        m_otherReadings.pop_front();
        return readOtherwise();
    }
    if (models)
        takeModels(*models);
    else
        understand(models.error());
}

void DoctorServiceCheck::takeModels(const QList<ModelInfo> &models)
{
    const Finding finding = modelsListed(m_route, models);
    m_models = models;
    m_model = modelToTry(m_route, models, m_preferredModel);
    Q_EMIT found(finding);
    if (m_model.isEmpty())
        end();
    else
        ask(Question::OneToken);
}

// First the likelier mistakes.
void DoctorServiceCheck::understand(const Error &error)
{
    m_listingError = error;
    if (m_route.kind == RouteKind::Local || !isOfAnotherApi(error))
        return giveUpOnModels({});
    m_otherReadings = otherReadings(m_route);
    if (m_route.url.scheme() == u"https" || error.upstreamStatus == 404)
        return readOtherwise();
    connect(&m_trial, &DoctorProtocolTrial::finished, this, [this](bool speaksTheOther) {
        if (!speaksTheOther)
            return readOtherwise();
        Q_EMIT found(speaksTls(m_route));
        end();
    });
    m_trial.start();
}

void DoctorServiceCheck::readOtherwise()
{
    if (m_otherReadings.empty())
        return giveUpOnModels({});
    Result<std::unique_ptr<ChatBackend>> backend = makeBackend(m_otherReadings.front(), m_http, m_makeLocal);
    if (!backend)
        return giveUpOnModels({});
    m_backend = *std::move(backend);
    m_listing.setFuture(m_backend->models());
}

void DoctorServiceCheck::giveUpOnModels(const std::optional<RouteSettings> &otherReading)
{
    m_otherReadings.clear();
    const Finding finding = modelsNotListed(m_route, m_listingError, otherReading);
    Q_EMIT found(finding);
    if (finding.grade == Finding::Grade::Failed)
        return end();
    Result<std::unique_ptr<ChatBackend>> backend = makeBackend(m_route, m_http, m_makeLocal);
    if (!backend)
        return end();
    m_backend = *std::move(backend);
    m_models.emplace();
    m_model = modelToTry(m_route, {}, m_preferredModel);
    ask(Question::OneToken);
}

ChatRequest DoctorServiceCheck::requestFor(const QByteArray &model, Question question)
{
    constexpr qint64 few = 64;
    ChatRequest request{.model = model};
    if (question == Question::Vector) {
        request.input = EmbeddingInput{.texts = {greeting}};
        return request;
    }
    request.input = Conversation{{textMessage(Role::User, greeting)}};
    request.maxTokens = question == Question::OneToken ? 1 : few;
    request.maxTokensCoverReasoning = question == Question::FewTokens;
    return request;
}

void DoctorServiceCheck::ask(Question question)
{
    m_question = question;
    m_began = std::chrono::steady_clock::now();
    m_patience.start(m_route.timeouts.total + m_route.timeouts.connect);
    m_stream = m_backend->open(requestFor(m_model, question));
    connect(m_stream.get(), &ChatStream::event, this, &DoctorServiceCheck::onEvent);
}

void DoctorServiceCheck::onEvent(const ChatEvent &event)
{
    if (const auto *failed = std::get_if<AnswerFailed>(&event))
        return onTokenFailed(failed->error);
    if (!std::holds_alternative<AnswerCompleted>(event))
        return;
    const auto took = std::chrono::steady_clock::now() - m_began;
    Q_EMIT found(answered(m_model, std::chrono::duration_cast<std::chrono::milliseconds>(took),
                          m_question == Question::Vector));
    end();
}

void DoctorServiceCheck::onTokenFailed(const Error &error)
{
    if (m_question != Question::Vector) // What a model for chats says of vectors is of no interest.
        m_chatError = error;
    if (m_question == Question::OneToken && isAboutTheBound(error))
        return ask(Question::FewTokens);
    if (m_question == Question::OneToken && isNoToTheQuestion(error))
        return ask(Question::Vector);
    Q_EMIT found(notAnswered(m_route, m_model, m_chatError));
    end();
}

void DoctorServiceCheck::onPatienceLost()
{
    onTokenFailed({.code = ErrorCode::UpstreamTimeout, .message = tr("there was no answer in time")});
}

// The event loop has the last word: whoever hears of the end may delete this.
void DoctorServiceCheck::end()
{
    m_patience.stop();
    m_stream.reset();
    QMetaObject::invokeMethod(this, &DoctorServiceCheck::finished, Qt::QueuedConnection);
}

} // namespace gatehouse
