// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/backend_factory.h"
#include "cli/doctor_finding.h"
#include "cli/doctor_protocol_trial.h"

#include <QFutureWatcher>
#include <QTimer>

#include <chrono>
#include <deque>

namespace gatehouse {

/// Examines what answers at the end of a route: credential and models, then one token of one model. Asks as
/// the service does, by the route's backend.
class DoctorServiceCheck : public QObject
{
    Q_OBJECT
public:
    /// The longest wait for one token.
    static constexpr std::chrono::seconds longestWait{120};

    /// The client and what `makeLocal` makes backends with outlive it. `preferredModel` is what to
    /// try if it is there; may be empty.
    DoctorServiceCheck(const RouteSettings &route, QString preferredModel, HttpClient &http,
                       const LocalBackendMaker &makeLocal, QObject *parent = nullptr);

    void start();

    /// Whether callers can ask this route for a model. Meaningful at the end.
    [[nodiscard]] bool servesModel(const QString &model) const;

Q_SIGNALS:
    void found(const gatehouse::Finding &finding);
    /// The end, after the last finding.
    void finished();

private:
    using Models = Result<QList<ModelInfo>>;
    /// What may be asked of a model, until it answers.
    enum class Question {
        OneToken,
        FewTokens, ///< Of a model that thinks first, and for whom one is too little or has another name.
        Vector,    ///< Of one that doesn't chat.
    };

    void onListed();
    void takeModels(const QList<ModelInfo> &models);
    void understand(const Error &error);
    void readOtherwise();
    void giveUpOnModels(const std::optional<RouteSettings> &otherReading);

    void ask(Question question);
    [[nodiscard]] static ChatRequest requestFor(const QByteArray &model, Question question);
    void onEvent(const ChatEvent &event);
    void onTokenFailed(const Error &error);
    void onPatienceLost();
    void end();

    RouteSettings m_route;
    QString m_preferredModel;
    HttpClient &m_http;
    const LocalBackendMaker &m_makeLocal;
    std::unique_ptr<ChatBackend> m_backend;
    QFutureWatcher<Models> m_listing;
    std::optional<QList<ModelInfo>> m_models; ///< That it lists; nothing: it can't be asked for any.

    // While it is found out why there is no list.
    Error m_listingError;
    std::deque<RouteSettings> m_otherReadings; ///< [0] is being tried.
    DoctorProtocolTrial m_trial;

    ChatStreamPtr m_stream;
    QByteArray m_model; ///< The one that is asked for a token.
    Question m_question = Question::OneToken;
    Error m_chatError;
    QTimer m_patience;
    std::chrono::steady_clock::time_point m_began;
};

} // namespace gatehouse
