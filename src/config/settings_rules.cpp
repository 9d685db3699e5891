// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings_rules.h"

#include "config/config_text.h"
#include "config/route_rules.h"

#include <QHostAddress>

namespace gatehouse {

namespace {

const QString modeKey = QStringLiteral("auth.mode");
const QString apiKeyKey = QStringLiteral("auth.api_key");

bool isLoopbackHost(const QString &host)
{
    return host == QLatin1String("localhost") || QHostAddress(host).isLoopback();
}

/// Whoever sets a key wants it asked for; that loopback callers need none must be written down then, because
/// behind a proxy on this machine everybody seems to be one.
void completeMode(SettingsDraft &draft)
{
    AuthSettings &auth = draft.settings.auth;
    if (draft.isWritten(modeKey) || auth.apiKey.isEmpty())
        return;
    auth.mode = AuthMode::Required;
    draft.sources.insert(modeKey, {.origin = SettingOrigin::Implied, .name = apiKeyKey});
}

void checkAccess(SettingsDraft &draft, const RuleFacts &facts)
{
    const AuthSettings &auth = draft.settings.auth;
    const bool isElsewhere = !isLoopbackHost(draft.settings.server.host);
    if (auth.mode == AuthMode::Off) {
        if (isElsewhere)
            draft.warning(modeKey, ConfigText::tr("nobody needs a key, and other machines can reach %1")
                                       .arg(draft.settings.server.host));
        return;
    }
    if (!auth.apiKey.isEmpty())
        return;
    if (facts.lan)
        draft.mistake(
            QStringLiteral("server.host"),
            ConfigText::tr("other machines need a key, and there is none: set auth.api_key (API_KEY), "
                           "or write auth.mode = \"off\" to let everybody in"));
    else if (auth.mode == AuthMode::Required)
        draft.warning(modeKey,
                      ConfigText::tr("every caller needs a key, and there is none; set auth.api_key"));
    else if (isElsewhere)
        draft.warning(QStringLiteral("server.host"),
                      ConfigText::tr("other machines need a key, and there is none; set auth.api_key"));
}

void checkServer(SettingsDraft &draft)
{
    ServerSettings &server = draft.settings.server;
    if (server.corsOrigins.contains(QStringLiteral("*")))
        server.corsOrigins = QStringList{QStringLiteral("*")};
    if (server.tlsCertificateFile.isEmpty() != server.tlsKeyFile.isEmpty()) {
        const bool hasKey = server.tlsCertificateFile.isEmpty();
        draft.mistake(
            hasKey ? QStringLiteral("server.tls_key") : QStringLiteral("server.tls_certificate"),
            ConfigText::tr("TLS needs both; set %1, too")
                .arg(hasKey ? QStringLiteral("server.tls_certificate") : QStringLiteral("server.tls_key")));
    }
    if (server.maxTargetBytes > server.maxHeadBytes)
        draft.mistake(QStringLiteral("server.max_target_bytes"),
                      ConfigText::tr("the target is part of the head, and server.max_head_bytes is %1")
                          .arg(server.maxHeadBytes));
}

void checkModels(SettingsDraft &draft)
{
    const ModelSettings &model = draft.settings.model;
    if (!model.allowedModels.isEmpty() && !model.defaultModel.isEmpty() &&
        !model.allowedModels.contains(model.defaultModel))
        draft.warning(QStringLiteral("model.default"), ConfigText::tr("is not in model.allowed"));
}

} // namespace

void applyRules(SettingsDraft &draft, const RuleFacts &facts)
{
    if (draft.settings.dataDir.isEmpty())
        draft.settings.dataDir = facts.defaultDataDir;
    completeMode(draft);
    checkServer(draft);
    checkAccess(draft, facts);
    checkModels(draft);
    applyRouteRules(draft, facts.hasEngine);
}

} // namespace gatehouse
