// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/json_body.h"
#include "api/lane_context.h"
#include "api/request_query.h"
#include "dialects/json/writer.h"
#include "store/ledger.h"

#include <QCoreApplication>

namespace gatehouse {

namespace {

constexpr int usualPage = 100;
constexpr int longestPage = 1000;

void writeFigures(json::Writer &writer, const UsageFigures &figures)
{
    writer.key("requests").integer(figures.requests).key("errors").integer(figures.errors);
    writer.key("prompt_tokens").integer(figures.promptTokens);
    writer.key("completion_tokens").integer(figures.completionTokens);
    writer.key("total_tokens").integer(figures.promptTokens + figures.completionTokens);
    writer.key("cached_tokens").integer(figures.cachedTokens);
    writer.key("response_ms").beginObject();
    writer.key("mean").number(figures.meanMs).key("p50").number(figures.p50Ms);
    writer.key("p95").number(figures.p95Ms).endObject();
}

QByteArray encode(const UsageStats &stats)
{
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject().key("object").string("usage");
    writeFigures(writer, stats.total);
    writer.key("by_day").beginArray();
    for (const UsageStats::Day &day : stats.days) {
        writer.beginObject().key("date").string(day.date);
        writeFigures(writer, day.figures);
        writer.endObject();
    }
    writer.endArray().key("by_model").beginArray();
    for (const UsageStats::Model &model : stats.models) {
        writer.beginObject().key("model").string(model.model);
        writeFigures(writer, model.figures);
        writer.endObject();
    }
    writer.endArray().endObject();
    return body;
}

void writeEntry(json::Writer &writer, const RequestPage::Entry &entry)
{
    const LedgerRow &row = entry.row;
    writer.beginObject().key("number").integer(entry.number).key("at").string(rfc3339(row.at));
    writer.key("request_id").string(row.requestId).key("key_id").string(row.keyId);
    writer.key("method").string(row.method).key("endpoint").string(row.endpoint);
    writer.key("status").integer(row.status).key("error");
    row.error.isEmpty() ? writer.null() : writer.string(row.error);
    writer.key("model").string(row.model).key("route").string(row.route);
    writer.key("prompt_tokens").integer(row.promptTokens);
    writer.key("completion_tokens").integer(row.completionTokens);
    writer.key("cached_tokens").integer(row.cachedTokens);
    writer.key("tokens_estimated").boolean(row.tokensEstimated).key("first_token_ms");
    row.firstTokenMs ? writer.number(*row.firstTokenMs) : writer.null();
    writer.key("response_ms").number(row.responseMs).endObject();
}

QByteArray encode(const RequestPage &page)
{
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject().key("object").string("list").key("data").beginArray();
    for (const RequestPage::Entry &entry : page.entries)
        writeEntry(writer, entry);
    writer.endArray().key("has_more").boolean(page.hasMore).key("next_before");
    page.hasMore ? writer.integer(page.entries.last().number) : writer.null();
    writer.endObject();
    return body;
}

void showStats(Call &call, LaneContext &context)
{
    RequestQuery query(call.request().query);
    LedgerFilter filter{.keyId = query.text("key_id"),
                        .from = query.time("from"),
                        .to = query.time("to"),
                        .model = query.text("model")};
    if (query.mistake())
        return call.fail(*query.mistake());
    const Caller &caller = call.caller();
    if (caller.role != CallerRole::Admin) {
        if (filter.keyId && *filter.keyId != caller.keyId)
            return call.fail({.code = ErrorCode::Forbidden,
                              .message = QCoreApplication::translate("Usage", "This is another key's usage."),
                              .param = "key_id"});
        filter.keyId = caller.keyId;
    }
    context.store().read<UsageStats>(
        &call, [filter](Database &database) { return Ledger(database).stats(filter); },
        [&call](const Result<UsageStats> &stats) {
            stats ? call.replyJson(encode(*stats)) : call.fail(stats.error());
        });
}

void listRequests(Call &call, LaneContext &context)
{
    RequestQuery query(call.request().query);
    LedgerFilter filter{.keyId = query.text("key_id"),
                        .from = query.time("from"),
                        .to = query.time("to"),
                        .model = query.text("model"),
                        .endpoint = query.text("endpoint")};
    if (const auto status = query.integer("status", 1, 999))
        filter.status = static_cast<int>(*status);
    const auto before = query.integer("before", 1, std::numeric_limits<qint64>::max());
    const int limit = static_cast<int>(query.integer("limit", 1, longestPage).value_or(usualPage));
    if (query.mistake())
        return call.fail(*query.mistake());
    context.store().read<RequestPage>(
        &call,
        [filter, before, limit](Database &database) {
            return Ledger(database).requests(filter, before, limit);
        },
        [&call](const Result<RequestPage> &page) {
            page ? call.replyJson(encode(*page)) : call.fail(page.error());
        });
}

} // namespace

void addUsageEndpoints(EndpointTable &table, LaneContext &context)
{
    table.add("GET", "/api/stats", Access::Caller, [&context](Call &call) { showStats(call, context); });
    table.add("GET", "/api/requests", Access::Admin, [&context](Call &call) { listRequests(call, context); });
}

} // namespace gatehouse
