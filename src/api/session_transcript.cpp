// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/session_transcript.h"

#include "api/lane_context.h"
#include "dialects/openai/answer_head.h"
#include "dialects/openai/message_json.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// More than any model's window holds of turns worth sending; what it takes in bytes is the other bound.
constexpr qint64 maxRecalled = 1000;
constexpr qint64 maxRecalledBytes = 4 * 1024 * 1024;
constexpr qsizetype titleLength = 60;
/// An answer that goes on for ever is kept so far.
constexpr qsizetype maxAnswerBytes = 16 * 1024 * 1024;
constexpr int maxToolCalls = 128;

QByteArray roleWord(Role role)
{
    switch (role) {
    case Role::System:
    case Role::Developer:
        return "system";
    case Role::User:
        return "user";
    case Role::Assistant:
        return "assistant";
    case Role::Tool:
        return "tool";
    }
    Q_UNREACHABLE();
}

Role roleOf(const QByteArray &word)
{
    if (word == "system")
        return Role::System;
    if (word == "assistant")
        return Role::Assistant;
    return word == "tool" ? Role::Tool : Role::User;
}

/// Whether role and text tell all of a message.
bool isPlain(const Message &message)
{
    const bool isText = message.content && message.contentIsString;
    return isText && message.name.isEmpty() && message.toolCallId.isEmpty() && message.toolCalls.isEmpty() &&
           message.extensions.isEmpty();
}

Message messageOf(const MessageRecord &record)
{
    if (!record.json.isEmpty()) {
        if (Result<Message> whole = openai::decodeMessage(record.json))
            return std::move(*whole);
    }
    return textMessage(roleOf(record.role), record.text);
}

MessageRecord recordOf(const Message &message)
{
    return {.role = roleWord(message.role),
            .text = plainText(message),
            .json = isPlain(message) ? QByteArray() : openai::encodeMessage(message)};
}

QString titleOf(const QList<MessageRecord> &messages)
{
    const auto said = std::find_if(messages.begin(), messages.end(),
                                   [](const MessageRecord &message) { return message.role == "user"; });
    if (said == messages.end())
        return {};
    // A character may take four bytes; what is cut off in the middle of one goes with the rest.
    const QString line =
        QString::fromUtf8(said->text.first(std::min<qsizetype>(said->text.size(), 1024))).simplified();
    if (line.size() <= titleLength)
        return line;
    const qsizetype end = line.lastIndexOf(u' ', titleLength);
    return line.first(end > titleLength / 2 ? end : titleLength) + u'…';
}

QByteArrayList instructionsIn(const QList<Message> &messages)
{
    QByteArrayList texts;
    for (const Message &message : messages) {
        if (message.role == Role::System || message.role == Role::Developer)
            texts.append(plainText(message));
    }
    return texts;
}

/// What a request says that its session doesn't know yet. Clients repeat their instructions with every
/// request; those that the session was told last are no news.
QList<MessageRecord> newsOf(const ChatRequest &request, const QList<Message> &history)
{
    const QList<Message> &messages = std::get<Conversation>(request.input).messages;
    const auto answered = std::find_if(messages.rbegin(), messages.rend(), [](const Message &message) {
        return message.role == Role::Assistant;
    });
    const QByteArrayList told = instructionsIn(history);
    const QByteArrayList instructions = instructionsIn(messages);
    const bool areNews = told.size() < instructions.size() || told.last(instructions.size()) != instructions;
    QList<MessageRecord> news;
    for (auto message = messages.begin(); message != messages.end(); ++message) {
        const bool isInstruction = message->role == Role::System || message->role == Role::Developer;
        if (isInstruction ? areNews : message >= answered.base())
            news.append(recordOf(*message));
    }
    return news;
}

/// Puts each answer behind its own question: two requests may have been answered at the same time.
QList<MessageRecord> inTurns(const QList<MessageRecord> &records)
{
    QList<QList<MessageRecord>> turns;
    const auto isOpen = [](const QList<MessageRecord> &turn) {
        return turn.last().role != "assistant";
    };
    for (const MessageRecord &record : records) {
        const auto own = std::find_if(turns.rbegin(), turns.rend(), [&](const QList<MessageRecord> &turn) {
            return isOpen(turn) && turn.last().requestId == record.requestId;
        });
        if (own == turns.rend())
            turns.append(QList<MessageRecord>{record});
        else
            own->append(record);
    }
    QList<MessageRecord> ordered;
    for (const QList<MessageRecord> &turn : turns)
        ordered += turn;
    return ordered;
}

} // namespace

bool bringsConversation(const ChatRequest &request)
{
    const auto *conversation = std::get_if<Conversation>(&request.input);
    return conversation &&
           std::any_of(conversation->messages.begin(), conversation->messages.end(),
                       [](const Message &message) { return message.role == Role::Assistant; });
}

SessionTranscript::SessionTranscript(LaneContext &context, SessionUse use)
    : m_context(context)
    , m_use(std::move(use))
{}

SessionTranscript::~SessionTranscript()
{
    if (m_begun && !m_finished)
        finish(FinishReason::Cancelled, nullptr, {});
}

void SessionTranscript::recall(LaneContext &context, const SessionKey &key, QObject *receiver,
                               std::function<void(Result<QList<Message>>)> done)
{
    using Records = QList<MessageRecord>;
    context.store().readNow<Records>(
        receiver,
        [key](Database &database) {
            return SessionRepository(database).tail(key, maxRecalled, maxRecalledBytes);
        },
        [done = std::move(done)](const Result<Records> &records) {
            if (!records)
                return done(records.error());
            QList<Message> messages;
            messages.reserve(records->size());
            for (const MessageRecord &record : inTurns(*records))
                messages.append(messageOf(record));
            done(std::move(messages));
        });
}

void SessionTranscript::begin(const ChatRequest &request, const QList<Message> &history)
{
    m_begun = true;
    QList<MessageRecord> news = newsOf(request, history);
    m_title = titleOf(news);
    if (news.isEmpty())
        return;
    m_isOpen = true;
    append(std::move(news), Opening::Allowed, &m_context, [failure = m_failure](const Result<void> &stored) {
        if (!stored)
            *failure = stored.error();
    });
}

void SessionTranscript::observe(const ChatEvent &event)
{
    if (const auto *started = std::get_if<AnswerStarted>(&event))
        m_model = started->model;
    else if (const auto *text = std::get_if<TextDelta>(&event); text && text->choice == 0)
        gather(text->text);
    else if (const auto *refusal = std::get_if<RefusalDelta>(&event); refusal && refusal->choice == 0)
        gather(refusal->text);
    else if (const auto *call = std::get_if<ToolCallDelta>(&event); call && call->choice == 0)
        gather(*call);
    else if (const auto *reported = std::get_if<UsageReported>(&event))
        m_usage = reported->usage;
}

void SessionTranscript::gather(const QByteArray &text)
{
    if (m_text.size() + text.size() <= maxAnswerBytes)
        m_text += text;
}

void SessionTranscript::gather(const ToolCallDelta &delta)
{
    if (delta.index < 0 || delta.index >= maxToolCalls)
        return;
    while (m_toolCalls.size() <= delta.index)
        m_toolCalls.append(ToolCall());
    ToolCall &call = m_toolCalls[delta.index];
    call.id += delta.id;
    call.name += delta.name;
    if (call.arguments.size() + delta.arguments.size() <= maxAnswerBytes)
        call.arguments += delta.arguments;
}

MessageRecord SessionTranscript::answer(FinishReason reason) const
{
    MessageRecord record{.role = "assistant", .text = m_text};
    if (!m_toolCalls.isEmpty()) {
        Message whole = textMessage(Role::Assistant, m_text);
        whole.toolCalls = m_toolCalls;
        record.json = openai::encodeMessage(whole);
    }
    record.model = m_model;
    record.finishReason = openai::finishReasonName(reason).toByteArray();
    record.promptTokens = m_usage.promptTokens;
    record.completionTokens = m_usage.completionTokens;
    return record;
}

void SessionTranscript::finish(FinishReason reason, QObject *receiver,
                               std::function<void(const Result<void> &)> done)
{
    if (!m_begun) { // Nothing was said, so nothing was answered.
        if (done)
            done({});
        return;
    }
    m_finished = true;
    // A session that was deleted during the answer stays deleted.
    append({answer(reason)}, m_isOpen ? Opening::Never : Opening::Allowed, receiver,
           [failure = m_failure, done = std::move(done)](const Result<void> &stored) {
               if (done)
                   done(*failure ? Result<void>(**failure) : stored);
           });
}

void SessionTranscript::append(QList<MessageRecord> messages, Opening opening, QObject *receiver,
                               std::function<void(const Result<void> &)> done)
{
    qint64 bytes = 0;
    for (MessageRecord &message : messages) {
        message.requestId = m_use.requestId;
        message.createdAt = m_context.clock().wallNow();
        bytes += message.text.size() + message.json.size();
    }
    using Records = QList<MessageRecord>;
    m_context.store().write<Records>(
        receiver,
        [key = m_use.key, title = m_title, opening, messages = std::move(messages)](Database &database) {
            SessionRepository sessions(database);
            return opening == Opening::Allowed ? sessions.append(key, title, messages)
                                               : sessions.extend(key, messages);
        },
        [done = std::move(done)](const Result<Records> &stored) {
            done(stored ? Result<void>() : Result<void>(stored.error()));
        },
        bytes);
}

} // namespace gatehouse
