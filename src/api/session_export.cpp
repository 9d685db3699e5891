// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/session_export.h"

#include "api/caller_watch.h"
#include "api/json_body.h"
#include "api/lane_context.h"
#include "api/session_body.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr qint64 messagesAPart = 200;
constexpr qint64 bytesAPart = 512 * 1024;

/// A name that no shell, no browser and no file system takes for anything else.
QByteArray fileName(const QByteArray &id, ExportForm form)
{
    QByteArray name = "session-" + id.left(64);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == ':' || c == '~' || c == '@' || c == '.'; }, '_');
    return name + (form == ExportForm::Json ? ".json" : ".md");
}

/// One line that opens nothing, whatever somebody put into it.
QByteArray heading(QString text)
{
    text.remove(QLatin1Char('`'));
    qsizetype begin = 0;
    while (begin < text.size() && (text.at(begin) == QLatin1Char('#') || text.at(begin).isSpace()))
        ++begin;
    return text.mid(begin).simplified().toUtf8();
}

/// A block quote (CommonMark §5.1): no heading and no fence in it reaches beyond it.
QByteArray quoted(QByteArray text)
{
    text.replace("\r\n", "\n").replace('\r', '\n').replace("\n", "\n> ");
    return "> " + text + '\n';
}

QByteArray markdownHead(const SessionRecord &session)
{
    const QByteArray title = heading(session.title);
    const QByteArray head = "# " + (title.isEmpty() ? session.id : title);
    return head + "\n\n" + rfc3339(session.createdAt) + " \xe2\x80\x93 " + rfc3339(session.updatedAt) + "\n";
}

QByteArray asMarkdown(const MessageRecord &message)
{
    QByteArray text = "\n## " + message.role;
    if (!message.model.isEmpty())
        text += " (" + heading(QString::fromUtf8(message.model)) + ')';
    if (message.finishReason == "cancelled" || message.finishReason == "error")
        text += " [" + message.finishReason + ']';
    text += "\n\n";
    if (!message.text.isEmpty() || message.json.isEmpty())
        text += quoted(message.text);
    if (!message.text.isEmpty() && !message.json.isEmpty())
        text += '\n';            // Another quote: a fence that is open in the first one ends with it.
    if (!message.json.isEmpty()) // Calls and images, which the text doesn't tell.
        text += quoted("```json\n" + message.json + "\n```");
    return text;
}

} // namespace

SessionExport::SessionExport(Call &call, LaneContext &context, ExportForm form,
                             std::function<Result<SessionKey>(Database &)> find)
    : QObject(&call)
    , m_call(call)
    , m_context(context)
    , m_form(form)
    , m_find(std::move(find))
{
    connect(&call.sink(), &ResponseSink::congested, this, [this] { m_isCongested = true; });
    connect(&call.sink(), &ResponseSink::drained, this, [this] {
        m_isCongested = false;
        proceed();
    });
    auto *watch = new CallerWatch(context, call.caller(), this);
    connect(watch, &CallerWatch::revoked, this, &SessionExport::fail);
}

void SessionExport::start()
{
    readNext();
}

void SessionExport::proceed()
{
    if (!m_isCongested && !m_isReading && !m_call.ticket().isSettled())
        readNext();
}

void SessionExport::readNext()
{
    m_isReading = true;
    m_context.store().read<Part>(
        this,
        [find = m_find, key = m_key, after = m_after](Database &database) -> Result<Part> {
            const Result<SessionKey> which = key ? Result<SessionKey>(*key) : find(database);
            if (!which)
                return which.error();
            SessionRepository sessions(database);
            return readPart(sessions, *which, after);
        },
        [this](const Result<Part> &part) { take(part); });
}

Result<SessionExport::Part> SessionExport::readPart(SessionRepository &sessions, const SessionKey &key,
                                                    qint64 after)
{
    auto session = sessions.find(key);
    if (!session)
        return std::move(session).error();
    auto messages = sessions.messages(key, {.after = after, .limit = messagesAPart, .maxBytes = bytesAPart});
    if (!messages)
        return std::move(messages).error();
    const auto more = sessions.hasMessagesAfter(key, messages->isEmpty() ? after : messages->last().number);
    if (!more)
        return more.error();
    return Part{*std::move(session), *std::move(messages), !*more};
}

void SessionExport::take(const Result<Part> &part)
{
    m_isReading = false;
    if (m_call.ticket().isSettled())
        return;
    if (!part)
        return fail(part.error());
    if (!m_key) {
        m_key = SessionKey{part->session.owner, part->session.id};
        begin(part->session);
        if (m_call.request().method == "HEAD") // That was all of it.
            return m_call.ticket().answered();
    }
    writeMessages(part->messages);
    if (part->isLast)
        return finish();
    proceed();
}

void SessionExport::begin(const SessionRecord &session)
{
    const bool isJson = m_form == ExportForm::Json;
    m_call.begin(200,
                 {{"Content-Type", isJson ? "application/json" : "text/markdown; charset=utf-8"},
                  {"Content-Disposition", "attachment; filename=\"" + fileName(session.id, m_form) + '"'},
                  {"Cache-Control", "no-store"}});
    if (!isJson)
        return m_call.sink().write(markdownHead(session));
    QByteArray head;
    json::Writer writer(head);
    writer.beginObject();
    writeSessionMembers(writer, session);
    writer.key("messages").beginArray();
    m_call.sink().write(head);
}

void SessionExport::writeMessages(const QList<MessageRecord> &messages)
{
    QByteArray bytes;
    for (const MessageRecord &message : messages) {
        m_after = message.number;
        if (m_form == ExportForm::Markdown) {
            bytes += asMarkdown(message);
            continue;
        }
        if (!std::exchange(m_isFirst, false))
            bytes += ",\n";
        json::Writer writer(bytes);
        writeMessage(writer, message);
    }
    if (!bytes.isEmpty())
        m_call.sink().write(bytes);
}

void SessionExport::finish()
{
    m_call.ticket().answered();
    if (m_form == ExportForm::Json)
        m_call.sink().write("]}");
    m_call.sink().end();
}

/// Half a file must not look like a whole one.
void SessionExport::fail(const Error &error)
{
    if (m_call.ticket().isSettled())
        return;
    if (!m_call.sink().hasBegun())
        return m_call.fail(error);
    m_call.ticket().failed(error);
    m_call.sink().abort();
}

} // namespace gatehouse
