// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/service.h"

#include "app/service_manager.h"
#include "config/settings_change.h"

#include <QCoreApplication>

#include <cstdio>

namespace gatehouse {

namespace {

QByteArray joined(const QStringList &keys)
{
    return keys.join(QStringLiteral(", ")).toUtf8();
}

/// Another data directory counts after the next start only, and so do the routes in it.
ConfigSources pinned(ConfigSources sources, const Settings &settings)
{
    sources.managedRoutesFile = managedRoutesFile(settings.dataDir);
    return sources;
}

} // namespace

Service::Service(ConfigSources sources, const LoadedSettings &loaded, LogWriter &log)
    : m_sources(pinned(std::move(sources), *loaded.settings))
    , m_settings(loaded.settings)
    , m_log(log)
    , m_routeEditor(m_sources, [this] { return reload(); })
    , m_gateway(loaded.settings, log, m_routeEditor)
    , m_watch(loaded.files)
{
    if (m_sources.commandLine.lan)
        m_gateway.wantFirstKey();
    connect(&m_signals, &SignalSource::terminate, this, &Service::terminate);
    connect(&m_signals, &SignalSource::reload, this, &Service::reload);
    connect(&m_watch, &ConfigWatch::changed, this, &Service::reload);
    connect(&m_gateway, &Gateway::stopped, qApp, &QCoreApplication::quit);
}

bool Service::start()
{
    const Result<QUrl> url = m_gateway.start();
    if (!url) {
        m_log.error("start failed",
                    {{"reason", url.error().message.toUtf8()}, {"detail", url.error().detail.toUtf8()}});
        return false;
    }
    if (const Secret key = m_gateway.takeFirstKey(); !key.isEmpty())
        std::printf("%s %s\n", qPrintable(tr("gatehouse admin key, shown this once:")),
                    key.reveal().constData());
    // Programs that start Gatehouse wait for this line, word by word (contract §8).
    std::printf("gatehouse ready on %s\n", url->toEncoded().constData());
    std::fflush(stdout);
    service_manager::ready(*url);
    return true;
}

bool Service::reload()
{
    service_manager::reloading();
    const LoadedSettings loaded = loadSettings(m_sources);
    if (loaded.settings) {
        const SettingsChange change = changeBetween(*m_settings, *loaded.settings);
        m_settings = loaded.settings;
        m_log.setLevel(m_settings->log.level);
        m_gateway.reload(m_settings);
        m_log.info("settings reloaded",
                   {{"changed", joined(change.live)}, {"needs_restart", joined(change.restart)}});
    } else {
        for (const ConfigMessage &mistake : loaded.mistakes)
            m_log.error("settings not reloaded", {{"mistake", mistake.toString().toUtf8()}});
    }
    m_watch.watch(loaded.files);
    service_manager::ready(m_gateway.url());
    return loaded.settings != nullptr;
}

void Service::terminate()
{
    if (m_terminating) // The second time somebody is in a hurry.
        return QCoreApplication::quit();
    m_terminating = true;
    m_log.info("draining");
    service_manager::stopping();
    m_gateway.drain();
}

} // namespace gatehouse
