// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/doctor.h"

#include "cli/doctor_model_file.h"
#include "cli/doctor_reach_check.h"
#include "cli/doctor_service_check.h"
#include "config/suggestion.h"

namespace gatehouse {

Doctor::Doctor(SettingsPtr settings, LocalBackendMaker makeLocal, QTextStream &out, QObject *parent)
    : QObject(parent)
    , m_settings(std::move(settings))
    , m_makeLocal(std::move(makeLocal))
    , m_report(out)
    , m_out(out)
    , m_http(makeHttpClient())
{}

Doctor::~Doctor() = default;

void Doctor::start(const QString &routeKey)
{
    QStringList keys;
    for (const RouteSettings &route : m_settings->routes) {
        keys.append(route.key);
        if (routeKey.isEmpty() || route.key == routeKey.toLower())
            m_routes.push_back(route);
    }
    m_isPartial = !routeKey.isEmpty();
    if (!m_isPartial || !m_routes.empty())
        return examineNext();
    const QString meant = suggestionFor(routeKey, keys);
    const QString name = displayName(routeKey);
    m_out << (meant.isEmpty() ? tr("There is no route \"%1\".").arg(name)
                              : tr("There is no route \"%1\"; did you mean \"%2\"?").arg(name, meant))
          << Qt::endl;
    end(ExitUsage);
}

void Doctor::examineNext()
{
    if (m_routes.empty())
        return endAll();
    m_report.begin(m_routes.front());
    if (m_routes.front().kind == RouteKind::Local)
        examineFile();
    else
        examineWay();
}

void Doctor::examineFile()
{
    const Finding finding = examineModelFile(m_routes.front().path);
    m_report.add(finding);
    if (finding.grade == Finding::Grade::Failed)
        endRoute();
    else
        examineService();
}

void Doctor::examineWay()
{
    m_reach = std::make_unique<DoctorReachCheck>(m_routes.front());
    connect(m_reach.get(), &DoctorReachCheck::found, this,
            [this](const Finding &finding) { m_report.add(finding); });
    connect(m_reach.get(), &DoctorReachCheck::finished, this, [this](bool isReachable) {
        if (isReachable)
            examineService();
        else
            endRoute();
    });
    m_reach->start();
}

void Doctor::examineService()
{
    const RouteSettings &route = m_routes.front();
    const QString &defaultRoute = m_settings->model.defaultRouteKey; // Or the name of a pool.
    const bool isAsked = defaultRoute.isEmpty() || defaultRoute == route.key || defaultRoute == route.pool;
    m_service = std::make_unique<DoctorServiceCheck>(
        route, isAsked ? m_settings->model.defaultModel : QString(), *m_http, m_makeLocal);
    connect(m_service.get(), &DoctorServiceCheck::found, this,
            [this](const Finding &finding) { m_report.add(finding); });
    connect(m_service.get(), &DoctorServiceCheck::finished, this, [this] {
        m_servesDefaultModel = m_servesDefaultModel || m_service->servesModel(m_settings->model.defaultModel);
        endRoute();
    });
    m_service->start();
}

// By the event loop, as a check must not be deleted from its own signal.
void Doctor::endRoute()
{
    m_report.end();
    m_routes.pop_front();
    QMetaObject::invokeMethod(
        this,
        [this] {
            m_reach.reset();
            m_service.reset();
            examineNext();
        },
        Qt::QueuedConnection);
}

void Doctor::endAll()
{
    const QString &model = m_settings->model.defaultModel;
    if (!m_isPartial && !model.isEmpty() && !m_servesDefaultModel && !m_settings->routes.isEmpty())
        m_report.addUnserved(model);
    m_report.sumUp();
    end(m_report.isEverythingUsable() ? ExitSuccess : ExitFailure);
}

void Doctor::end(ExitCode code)
{
    QMetaObject::invokeMethod(
        this, [this, code] { Q_EMIT finished(code); }, Qt::QueuedConnection);
}

SettingsPtr examineSettings(const ConfigSources &sources, QTextStream &out)
{
    const LoadedSettings loaded = loadAndCheck(sources);
    printProblems(loaded, out);
    if (!loaded.mistakes.isEmpty() || !loaded.warnings.isEmpty())
        out << '\n';
    out.flush();
    return loaded.mistakes.isEmpty() ? loaded.settings : nullptr;
}

} // namespace gatehouse
