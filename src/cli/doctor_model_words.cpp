// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/doctor_model_words.h"

#include "config/config_text.h"
#include "config/model_name.h"
#include "config/route_kind.h"
#include "config/table/setting_spec.h"

#include <algorithm>
#include <array>

namespace gatehouse {

namespace {

using Step = Finding::Step;
using Grade = Finding::Grade;

struct ModelText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::DoctorModels)
};

constexpr int unauthorized = 401;
constexpr int paymentRequired = 402;
constexpr int forbidden = 403;
constexpr int notFound = 404;
constexpr int methodNotAllowed = 405;
constexpr int tooManyRequests = 429;
constexpr int unavailable = 503;

bool hasCredential(const RouteSettings &route)
{
    return !route.apiKey.isEmpty() || !route.url.userName().isEmpty() || !route.headers.isEmpty();
}

bool isRedirect(const Error &error)
{
    return error.upstreamStatus >= 300 && error.upstreamStatus < 400;
}

bool isBusy(const Error &error)
{
    return error.code == ErrorCode::Overloaded || error.upstreamStatus == tooManyRequests ||
           error.upstreamStatus == unavailable;
}

QString sentence(const QString &words)
{
    return words.isEmpty() || words.endsWith(u'.') ? words : words + u'.';
}

/// What is to be done about an error whatever was asked; empty: that depends on the question.
QString adviceFor(const RouteSettings &route, const Error &error)
{
    if (error.upstreamStatus == unauthorized || error.upstreamStatus == forbidden)
        return hasCredential(route)
                   ? ModelText::tr(
                         "The server refuses the credential of this route: is its api_key right, still "
                         "valid, and of this server?")
                   : ModelText::tr("The server wants a credential: give the route \"%1\" an api_key.")
                         .arg(route.key);
    if (error.upstreamStatus == paymentRequired)
        return ModelText::tr("The account behind the api_key has no credit.");
    if (isRedirect(error))
        return ModelText::tr("It sends us elsewhere, and Gatehouse doesn't follow: write the address that it "
                             "names as the url (often https:// in place of http://).");
    return {};
}

QString listingAdvice(const RouteSettings &route, const Error &error)
{
    if (const QString advice = adviceFor(route, error); !advice.isEmpty())
        return advice;
    if (error.upstreamStatus == notFound)
        return route.kind == RouteKind::Ollama
                   ? ModelText::tr("There is no Ollama at this url. Is the kind right? Other servers are "
                                   "kind = \"openai\".")
                   : ModelText::tr(
                         "There is no OpenAI-compatible API at this url. It should end in /v1, with "
                         "most servers.");
    if (error.code == ErrorCode::UpstreamTimeout)
        return ModelText::tr(
            "The server takes connections and doesn't answer. Is it still loading, or stuck?");
    if (error.code == ErrorCode::UpstreamFailed && error.upstreamStatus == 0)
        return ModelText::tr("Is that the port of a model server, and is the kind (\"%1\") right?")
            .arg(QLatin1String(kindWord(route.kind)));
    return {};
}

QByteArray upstreamName(const RouteSettings &route, const QString &model)
{
    return route.names.value(model, model).toUtf8();
}

bool isListed(const QList<ModelInfo> &models, const QByteArray &name)
{
    return std::any_of(models.begin(), models.end(), [&name](const ModelInfo &model) {
        return isSameModelName(QString::fromUtf8(model.id), QString::fromUtf8(name));
    });
}

/// As the route writes it down; empty: it doesn't.
QString writtenName(const RouteSettings &route, const QString &model)
{
    const auto written = std::ranges::find_if(
        route.models, [&model](const QString &name) { return isSameModelName(name, model); });
    return written == route.models.end() ? QString() : *written;
}

QString quoted(const QStringList &names)
{
    constexpr qsizetype most = 5;
    QStringList shown;
    for (const QString &name : names.first(std::min(most, names.size())))
        shown.append(u'"' + name + u'"');
    const QString text = shown.join(QStringLiteral(", "));
    return names.size() > most ? ModelText::tr("%1 and %2 more").arg(text).arg(names.size() - most) : text;
}

/// Those that the route names and the server doesn't, as the server would have to spell them.
QStringList missing(const RouteSettings &route, const QList<ModelInfo> &models)
{
    QStringList names;
    for (const QString &model : route.models) {
        const QByteArray name = upstreamName(route, model);
        if (!isListed(models, name))
            names.append(QString::fromUtf8(name));
    }
    return names;
}

bool isProbablyChatModel(const ModelInfo &model)
{
    static constexpr std::array others{"embed", "bge-",   "rerank",     "whisper",
                                       "tts",   "dall-e", "moderation", "image"};
    const QByteArray name = model.id.toLower();
    return std::ranges::none_of(others, [&name](const char *word) { return name.contains(word); });
}

} // namespace

Finding modelsNotListed(const RouteSettings &route, const Error &error,
                        const std::optional<RouteSettings> &otherReading)
{
    Finding finding{.step = Step::Models, .grade = Grade::Failed, .text = sentence(error.message)};
    if (otherReading) {
        finding.text += u' ' + ModelText::tr("But there is a server that answers as kind = \"%1\", url = %2: "
                                             "write these.")
                                   .arg(QLatin1String(kindWord(otherReading->kind)),
                                        maskedUrl(otherReading->url.toString()));
        return finding;
    }
    const bool hasNone = error.upstreamStatus == notFound || error.upstreamStatus == methodNotAllowed;
    if (hasNone && !route.models.isEmpty())
        return {.step = Step::Models,
                .grade = Grade::Warning,
                .text =
                    ModelText::tr("The server doesn't tell its models (%1), so those that the route names "
                                  "are taken as they are.")
                        .arg(error.message)};
    const QString advice = listingAdvice(route, error);
    if (!advice.isEmpty())
        finding.text += u' ' + advice;
    return finding;
}

Finding speaksTls(const RouteSettings &route)
{
    return {.step = Step::Models,
            .grade = Grade::Failed,
            .text =
                ModelText::tr("The server speaks https on this port: write https:// instead of http:// in "
                              "the url of the route \"%1\".")
                    .arg(route.key)};
}

bool serves(const RouteSettings &route, const QList<ModelInfo> &models, const QString &model)
{
    return route.models.isEmpty() ? isListed(models, model.toUtf8()) : namesModel(route.models, model);
}

Finding modelsListed(const RouteSettings &route, const QList<ModelInfo> &models)
{
    if (models.isEmpty() && route.models.isEmpty())
        return {.step = Step::Models,
                .grade = Grade::Failed,
                .text = route.kind == RouteKind::Ollama
                            ? ModelText::tr("The server has no model. \"ollama pull\" gets one.")
                            : ModelText::tr("The server has no model.")};
    QStringList names;
    for (const ModelInfo &model : models)
        names.append(QString::fromUtf8(model.id));
    Finding finding{
        .step = Step::Models,
        .text = ModelText::tr("The server has %n model(s): %1.", nullptr, static_cast<int>(models.size()))
                    .arg(quoted(names))};
    const QStringList unlisted = missing(route, models);
    if (unlisted.isEmpty())
        return finding;
    finding.grade = Grade::Warning;
    finding.text +=
        u' ' + ModelText::tr("It doesn't list %1, which the configuration names: is that spelt as "
                             "the server spells it?")
                   .arg(quoted(unlisted));
    if (route.kind == RouteKind::Ollama)
        finding.text += u' ' + ModelText::tr("\"ollama pull\" gets a model.");
    return finding;
}

QByteArray modelToTry(const RouteSettings &route, const QList<ModelInfo> &models, const QString &defaultModel)
{
    if (!route.models.isEmpty()) {
        const QString preferred = writtenName(route, defaultModel);
        return upstreamName(route, preferred.isEmpty() ? route.models.first() : preferred);
    }
    if (!defaultModel.isEmpty() && isListed(models, defaultModel.toUtf8()))
        return defaultModel.toUtf8();
    const auto talker = std::find_if(models.begin(), models.end(), isProbablyChatModel);
    if (talker != models.end())
        return talker->id;
    return models.isEmpty() ? QByteArray() : models.first().id;
}

Finding answered(const QByteArray &model, std::chrono::milliseconds time, bool isEmbedding)
{
    const QString name = QString::fromUtf8(model);
    const QString text =
        isEmbedding ? ModelText::tr("\"%1\" computed a vector after %2 ms; it is for embeddings and doesn't "
                                    "chat.")
                    : ModelText::tr("\"%1\" answered after %2 ms.");
    return {.step = Step::Token, .text = text.arg(name).arg(time.count())};
}

Finding notAnswered(const RouteSettings &route, const QByteArray &model, const Error &error)
{
    const QString said =
        ModelText::tr("\"%1\" gave no answer: %2").arg(QString::fromUtf8(model), sentence(error.message));
    if (isBusy(error))
        return {.step = Step::Token,
                .grade = Grade::Warning,
                .text = said + u' ' + ModelText::tr("The server has no room just now; try again later.")};
    QString advice = adviceFor(route, error);
    if (advice.isEmpty() && error.upstreamStatus == notFound)
        advice = ModelText::tr("The server doesn't know that model, or has no such API at this url.");
    else if (advice.isEmpty() && error.code == ErrorCode::UpstreamTimeout)
        advice =
            ModelText::tr("A model that is loaded first can take long: if it is only slow, give the route "
                          "longer timeouts.");
    else if (advice.isEmpty() && error.code == ErrorCode::UpstreamFailed)
        advice = ModelText::tr("The server's own log should say why.");
    return {
        .step = Step::Token, .grade = Grade::Failed, .text = advice.isEmpty() ? said : said + u' ' + advice};
}

bool isNoToTheQuestion(const Error &error)
{
    switch (error.upstreamStatus) {
    case unauthorized:
    case paymentRequired:
    case forbidden:
    case tooManyRequests:
        return false;
    default:
        return error.code == ErrorCode::UpstreamRejected || error.code == ErrorCode::InvalidRequest ||
               error.upstreamStatus == 500 || error.upstreamStatus == 501;
    }
}

} // namespace gatehouse
