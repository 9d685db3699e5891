// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/health_body.h"
#include "api/lane_context.h"
#include "store/database_target.h"

#include <QThread>
#include <QTimer>

namespace gatehouse {

namespace {

/// Who probes waits for a second, commonly, and learns more from an older answer than from none.
constexpr std::chrono::milliseconds patience(500);

void forbidStoring(Call &call)
{
    call.addFields({{"Cache-Control", "no-store"}});
}

/// Goes on once the routes' health is known: at once if each was asked just before, else when they have
/// answered, or when patience ends, with what was known before.
void whenRoutesAreKnown(Call &call, LaneContext &context, std::function<void()> proceed)
{
    const auto once = [proceed = std::move(proceed), isDone = std::make_shared<bool>(false)] {
        if (!std::exchange(*isDone, true))
            proceed();
    };
    QTimer::singleShot(patience, &call, once);
    context.models().renew(&call, once);
}

HealthFacts healthFacts(const LaneContext &context)
{
    return {.routes = context.models().health(),
            .isDatabaseUp = context.store().isHealthy(),
            .uptime = context.metrics().uptime()};
}

/// What keeps new requests away, or `ready`.
QByteArray readinessWord(const LaneContext &context)
{
    const Readiness &readiness = context.readiness();
    return readiness.isReady() && !hasUsableRoute(context.models().health()) ? "no_route" : readiness.word();
}

void answerReady(Call &call, const LaneContext &context)
{
    forbidStoring(call);
    const QByteArray word = readinessWord(context);
    call.replyJson(R"({"status":")" + word + R"("})", word == "ready" ? 200 : 503);
}

const char *engineName(const Settings &settings)
{
    const auto target = parseDatabaseUrl(QString::fromUtf8(settings.database.url.reveal()), settings.dataDir);
    return target && target->engine == SqlEngine::PostgreSql ? "postgresql" : "sqlite";
}

void answerStatus(Call &call, const LaneContext &context)
{
    forbidStoring(call);
    const SettingsPtr settings = context.settings();
    const ModelListing listing = context.models().known();
    call.replyJson(encodeStatus({.health = healthFacts(context),
                                 .readiness = readinessWord(context),
                                 .modelsLoading = context.readiness().modelsLoading,
                                 .defaultModel = listing.defaultModel,
                                 .models = listing.models.size(),
                                 .databaseEngine = engineName(*settings),
                                 .hasLedgerRoom = context.store().hasRoom(),
                                 .cores = QThread::idealThreadCount(),
                                 .gpuLayers = settings->model.gpuLayers,
                                 .gauges = context.metrics().figures().gauges}));
}

} // namespace

void addHealthEndpoints(EndpointTable &table, LaneContext &context)
{
    const auto alive = [](Call &call) {
        forbidStoring(call);
        call.replyJson(R"({"status":"ok"})");
    };
    table.addProbe("GET", "/healthz", alive);
    table.addProbe("GET", "/health/live", alive);
    table.addProbe("GET", "/health", [&context](Call &call) {
        whenRoutesAreKnown(call, context, [&call, &context] {
            forbidStoring(call);
            call.replyJson(encodeHealth(healthFacts(context)));
        });
    });
    table.addProbe("GET", "/health/ready", [&context](Call &call) {
        if (!context.readiness().isReady()) // Whatever the routes are like.
            return answerReady(call, context);
        whenRoutesAreKnown(call, context, [&call, &context] { answerReady(call, context); });
    });
    table.add("GET", "/health/status", Access::Caller, [&context](Call &call) {
        whenRoutesAreKnown(call, context, [&call, &context] { answerStatus(call, context); });
    });
    table.add("GET", "/health/metrics", Access::Caller, [&context](Call &call) {
        forbidStoring(call);
        call.replyJson(encodeFigures(context.metrics().figures()));
    });
}

} // namespace gatehouse
