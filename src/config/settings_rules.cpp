// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings_rules.h"

#include "config/access_rules.h"
#include "config/config_text.h"
#include "config/managed_rules.h"
#include "config/model_name.h"
#include "config/route_rules.h"
#include "config/routing_rules.h"

namespace gatehouse {

namespace {

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
        !namesModel(model.allowedModels, model.defaultModel))
        draft.warning(QStringLiteral("model.default"), ConfigText::tr("is not in model.allowed"));
}

} // namespace

void applyRules(SettingsDraft &draft, const RuleFacts &facts)
{
    if (draft.settings.dataDir.isEmpty())
        draft.settings.dataDir = facts.defaultDataDir;
    checkServer(draft);
    applyAccessRules(draft);
    checkModels(draft);
    leaveOutManagedRoutes(draft, facts.judgedRoute);
    if (applyRouteRules(draft, facts.hasEngine))
        applyRoutingRules(draft);
}

} // namespace gatehouse
