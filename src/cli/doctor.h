// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/backend_factory.h"
#include "cli/config_commands.h"
#include "cli/doctor_report.h"

#include <QObject>

#include <deque>
#include <memory>

namespace gatehouse {

class DoctorReachCheck;
class DoctorServiceCheck;

/// Examines one route after the other, step by step, and prints what it finds in plain words. Works on the
/// event loop of its thread; each step takes as long as the route's timeouts allow.
class Doctor : public QObject
{
    Q_OBJECT
public:
    /// `makeLocal` may be empty, see makeBackend(). The stream outlives the doctor.
    Doctor(SettingsPtr settings, LocalBackendMaker makeLocal, QTextStream &out, QObject *parent = nullptr);
    ~Doctor() override;

    /// Begins with the route of this key; empty: with all. Called once.
    void start(const QString &routeKey = {});

Q_SIGNALS:
    /// The end, after start() has returned: ExitSuccess where every route examined can be used, ExitFailure
    /// where one can't or there is none, ExitUsage where there is none of that key.
    void finished(int exitCode);

private:
    void examineNext();
    void examineFile();
    void examineWay();
    void examineService();
    void endRoute();
    void endAll();
    void end(ExitCode code);

    const SettingsPtr m_settings;
    const LocalBackendMaker m_makeLocal;
    DoctorReport m_report;
    QTextStream &m_out;
    std::unique_ptr<HttpClient> m_http;
    std::deque<RouteSettings> m_routes; ///< [0] is being examined.
    std::unique_ptr<DoctorReachCheck> m_reach;
    std::unique_ptr<DoctorServiceCheck> m_service;
    bool m_servesDefaultModel = false;
    bool m_isPartial = false; ///< Not all routes are examined.
};

/// Loads the settings for a doctor, and prints their mistakes and warnings as `config check` does. Null where
/// there are mistakes: exit with ExitUsage.
[[nodiscard]] SettingsPtr examineSettings(const ConfigSources &sources, QTextStream &out);

} // namespace gatehouse
