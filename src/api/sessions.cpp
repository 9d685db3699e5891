// SPDX-License-Identifier: GPL-3.0-or-later
// /api/sessions and /api/search (contract §3).
#include "api/access_change.h"
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/json_body.h"
#include "api/lane_context.h"
#include "api/session_body.h"
#include "api/session_cursor.h"
#include "api/session_export.h"
#include "api/session_owner.h"
#include "dialects/openai/field_reader.h"

#include <QCoreApplication>

#include <limits>

namespace gatehouse {

namespace {

constexpr qint64 usualSessions = 50;
constexpr qint64 mostSessions = 100;
constexpr qint64 usualMessages = 100;
constexpr qint64 mostMessages = 1000;
constexpr qint64 usualHits = 20;
constexpr qint64 mostHits = 100;
constexpr qsizetype longestSearch = 1000; ///< Bytes.
constexpr qint64 anyNumber = std::numeric_limits<qint64>::max();

struct MessagePage
{
    QList<MessageRecord> messages;
    bool hasMore = false;
};

QByteArray ownerOf(const Call &call)
{
    return sessionOwner(call.caller(), call.record().client);
}

bool isAdmin(const Call &call)
{
    return call.caller().role == CallerRole::Admin;
}

Error noSuchSession()
{
    return {.code = ErrorCode::NotFound,
            .message = QCoreApplication::translate("Sessions", "There is no such session.")};
}

using FindSession = std::function<Result<SessionKey>(Database &)>;

/// Which session the path names, as far as the caller may know of it: one's own; an admin's word reaches any,
/// and `key_id` says whose where several have one of this name.
Result<FindSession> sessionOf(const Call &call, RequestQuery &query)
{
    const QByteArray id = call.request().pathParameters.value("id");
    const auto keyId = query.text("key_id");
    if (query.mistake())
        return *query.mistake();
    const QByteArray owner = ownerOf(call);
    if (!isSessionId(id) || (keyId && *keyId != owner && !isAdmin(call)))
        return noSuchSession();
    if (keyId || !isAdmin(call))
        return FindSession(
            [key = SessionKey{keyId.value_or(owner), id}](Database &) { return Result<SessionKey>(key); });
    return FindSession([own = SessionKey{owner, id}](Database &database) -> Result<SessionKey> {
        SessionRepository sessions(database);
        return sessions.find(own) ? Result<SessionKey>(own) : sessions.findAnywhere(own.id);
    });
}

template <typename T>
std::function<Result<T>(Database &)>
withSession(FindSession find, std::function<Result<T>(SessionRepository &, const SessionKey &)> work)
{
    return [find = std::move(find), work = std::move(work)](Database &database) -> Result<T> {
        const auto key = find(database);
        if (!key)
            return key.error();
        SessionRepository sessions(database);
        return work(sessions, *key);
    };
}

void reply(Call &call, const Result<SessionRecord> &session)
{
    if (!session)
        return call.fail(session.error());
    QByteArray body;
    json::Writer writer(body);
    writeSession(writer, *session);
    call.replyJson(body);
}

QByteArray encode(const QList<SessionRecord> &sessions, qint64 limit)
{
    const bool hasMore = sessions.size() > limit;
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject().key("object").string("list").key("data").beginArray();
    for (const SessionRecord &session : sessions.first(hasMore ? limit : sessions.size()))
        writeSession(writer, session);
    writer.endArray().key("has_more").boolean(hasMore).key("next_cursor");
    hasMore ? writer.string(sessionCursor(sessions[limit - 1])) : writer.null();
    writer.endObject();
    return body;
}

void listSessions(Call &call, LaneContext &context)
{
    RequestQuery query(call.request().query);
    const auto keyId = query.text("key_id");
    const auto before = readSessionCursor(query, "cursor");
    const qint64 limit = query.integer("limit", 1, mostSessions).value_or(usualSessions);
    if (query.mistake())
        return call.fail(*query.mistake());
    QByteArray owner = ownerOf(call);
    if (keyId && *keyId != owner && !isAdmin(call))
        return call.fail(
            {.code = ErrorCode::Forbidden,
             .message = QCoreApplication::translate("Sessions", "These are another key's sessions."),
             .param = "key_id"});
    if (isAdmin(call))
        owner = keyId.value_or(QByteArray());
    context.store().readNow<QList<SessionRecord>>(
        &call,
        [owner, before, limit](Database &database) {
            return SessionRepository(database).sessions(owner, before, limit + 1);
        },
        [&call, limit](const Result<QList<SessionRecord>> &sessions) {
            sessions ? call.replyJson(encode(*sessions, limit)) : call.fail(sessions.error());
        });
}

void describeSession(Call &call, LaneContext &context)
{
    RequestQuery query(call.request().query);
    const auto find = sessionOf(call, query);
    if (!find)
        return call.fail(find.error());
    context.store().readNow<SessionRecord>(
        &call,
        withSession<SessionRecord>(
            *find, [](SessionRepository &sessions, const SessionKey &key) { return sessions.find(key); }),
        [&call](const Result<SessionRecord> &session) { reply(call, session); });
}

Result<MessagePage> readPage(SessionRepository &sessions, const SessionKey &key,
                             const SessionRepository::Page &page)
{
    auto messages = sessions.messages(key, page);
    if (!messages)
        return std::move(messages).error();
    const auto more =
        sessions.hasMessagesAfter(key, messages->isEmpty() ? page.after : messages->last().number);
    if (!more)
        return more.error();
    return MessagePage{*std::move(messages), *more};
}

QByteArray encode(const QByteArray &sessionId, const MessagePage &page)
{
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject().key("object").string("list").key("session_id").string(sessionId);
    writer.key("data").beginArray();
    for (const MessageRecord &message : page.messages)
        writeMessage(writer, message);
    writer.endArray().key("has_more").boolean(page.hasMore).endObject();
    return body;
}

void listMessages(Call &call, LaneContext &context)
{
    RequestQuery query(call.request().query);
    const auto find = sessionOf(call, query);
    const SessionRepository::Page page{.after = query.integer("after", 0, anyNumber).value_or(0),
                                       .limit =
                                           query.integer("limit", 1, mostMessages).value_or(usualMessages)};
    if (query.mistake() || !find)
        return call.fail(query.mistake() ? *query.mistake() : find.error());
    const QByteArray id = call.request().pathParameters.value("id");
    context.store().readNow<MessagePage>(
        &call,
        withSession<MessagePage>(*find,
                                 [page](SessionRepository &sessions, const SessionKey &key) {
                                     return readPage(sessions, key, page);
                                 }),
        [&call, id](const Result<MessagePage> &messages) {
            messages ? call.replyJson(encode(id, *messages)) : call.fail(messages.error());
        });
}

Result<QString> readTitle(const QByteArray &bytes)
{
    const Result<JsonBody> body = JsonBody::parse(bytes, {"title"});
    if (!body)
        return body.error();
    Result<QString> title = body->text("title", 4 * SessionRepository::maxTitleLength);
    if (title && title->size() > SessionRepository::maxTitleLength)
        return openai::tooLong("title", SessionRepository::maxTitleLength);
    return title;
}

void renameSession(Call &call, LaneContext &context)
{
    RequestQuery query(call.request().query);
    const auto find = sessionOf(call, query);
    if (!find)
        return call.fail(find.error());
    const auto title = readTitle(call.request().body);
    if (!title)
        return call.fail(title.error());
    context.store().write<SessionRecord>(
        &call,
        withSession<SessionRecord>(*find,
                                   [title = *title, now = context.clock().wallNow()](
                                       SessionRepository &sessions, const SessionKey &key) {
                                       return sessions.rename(key, title, now);
                                   }),
        [&call](const Result<SessionRecord> &session) { reply(call, session); });
}

void removeSession(Call &call, LaneContext &context)
{
    RequestQuery query(call.request().query);
    const auto find = sessionOf(call, query);
    if (!find)
        return call.fail(find.error());
    const QByteArray id = call.request().pathParameters.value("id");
    context.store().write<void>(
        &call,
        withSession<void>(
            *find, [](SessionRepository &sessions, const SessionKey &key) { return sessions.remove(key); }),
        [&call, id](const Result<void> &removed) {
            removed ? call.replyJson(deletedBody("session", id)) : call.fail(removed.error());
        });
}

void exportSession(Call &call, LaneContext &context)
{
    RequestQuery query(call.request().query);
    const auto find = sessionOf(call, query);
    const QByteArray form = query.text("format").value_or("json");
    if (form != "json" && form != "markdown")
        query.wrong("format");
    if (query.mistake() || !find)
        return call.fail(query.mistake() ? *query.mistake() : find.error());
    auto *answer =
        new SessionExport(call, context, form == "json" ? ExportForm::Json : ExportForm::Markdown, *find);
    answer->start();
}

QByteArray encode(const SessionRepository::SearchPage &page)
{
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject().key("object").string("list").key("data").beginArray();
    for (const SearchHit &hit : page.hits)
        writeHit(writer, hit);
    writer.endArray().key("has_more").boolean(page.next > 0).key("next_before");
    page.next > 0 ? writer.integer(page.next) : writer.null();
    writer.endObject();
    return body;
}

/// One's own history only, an admin's too.
void searchMessages(Call &call, LaneContext &context)
{
    RequestQuery query(call.request().query);
    const auto words = query.text("q", longestSearch);
    const qint64 limit = query.integer("limit", 1, mostHits).value_or(usualHits);
    const qint64 below = query.integer("before", 1, anyNumber).value_or(0);
    if (query.mistake())
        return call.fail(*query.mistake());
    if (!words)
        return call.fail(openai::missingField("q"));
    const SessionRepository::Search search{
        .owner = ownerOf(call), .words = QString::fromUtf8(*words), .below = below, .limit = limit};
    context.store().readNow<SessionRepository::SearchPage>(
        &call, [search](Database &database) { return SessionRepository(database).search(search); },
        [&call](const Result<SessionRepository::SearchPage> &page) {
            page ? call.replyJson(encode(*page)) : call.fail(page.error());
        });
}

} // namespace

void addSessionEndpoints(EndpointTable &table, LaneContext &context)
{
    using Serve = void (*)(Call &, LaneContext &);
    const auto add = [&](const char *method, const char *pattern, Serve serve) {
        table.add(method, pattern, Access::Caller, [serve, &context](Call &call) { serve(call, context); });
    };
    add("GET", "/api/sessions", &listSessions);
    add("GET", "/api/sessions/{id}", &describeSession);
    add("PATCH", "/api/sessions/{id}", &renameSession);
    add("DELETE", "/api/sessions/{id}", &removeSession);
    add("GET", "/api/sessions/{id}/messages", &listMessages);
    add("GET", "/api/sessions/{id}/export", &exportSession);
    add("GET", "/api/search", &searchMessages);
}

} // namespace gatehouse
