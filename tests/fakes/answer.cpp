// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/answer.h"

#include "fakes/gzip.h"

#include <algorithm>
#include <utility>

namespace gatehouse::fakes {

namespace {

using Kind = Fault::Kind;
using Next = Progress::Next;

constexpr qint64 EndlessBytes = 256 * 1024 * 1024;
constexpr qint64 EndlessPiece = 64 * 1024;
/// How many bytes a false `Content-Length` is off.
constexpr qint64 LengthError = 10;

bool needsLength(const Behaviour &behaviour)
{
    return behaviour.framing == Framing::Length || behaviour.fault.is(Kind::Gzip) ||
           behaviour.fault.is(Kind::ShortLength) || behaviour.fault.is(Kind::LongLength);
}

} // namespace

Answer::Answer(const Behaviour &behaviour, MonotonicTime start)
    : m_behaviour(behaviour)
    , m_start(start)
    , m_endlessLeft(EndlessBytes)
{}

Progress Answer::advance(MonotonicTime now, AnswerWriter &writer)
{
    if (!m_faultPassed) {
        if (now < headDue())
            return {Next::Later, headDue()};
        if (m_behaviour.fault.after == Fault::BeforeHead) {
            const Progress progress = beforeHead(writer);
            if (progress.next != Next::Later)
                return progress;
        }
        m_faultPassed = true;
    }
    return proceed(now, writer);
}

Progress Answer::beforeHead(AnswerWriter &writer) const
{
    switch (m_behaviour.fault.kind) {
    case Kind::Refuse:
        return {Next::Refuse};
    case Kind::Reset:
        return {Next::Reset};
    case Kind::Close:
        return {Next::Close};
    case Kind::Stall:
        return {Next::Nothing};
    case Kind::Garbage:
        writer.raw(QByteArray("\x16\x03\x01 this is no HTTP\r\n\r\n\0\xff", 25));
        return {Next::Close};
    default: // the other faults need a body
        return {Next::Later};
    }
}

bool Answer::isDue(Fault::Kind kind, int tokens) const
{
    return m_behaviour.fault.is(kind) && std::max(m_behaviour.fault.after, 0) == tokens;
}

std::optional<Progress> Answer::breakOff(int tokens, const QByteArray &half, AnswerWriter &writer)
{
    if (m_behaviour.fault.after == Fault::BeforeHead && !m_behaviour.fault.is(Kind::HalfEvent))
        return {};
    if (isDue(Kind::Reset, tokens))
        return Progress{Next::Reset};
    if (isDue(Kind::Close, tokens))
        return Progress{Next::Close};
    if (isDue(Kind::Stall, tokens))
        return Progress{Next::Nothing};
    if (isDue(Kind::HalfEvent, tokens)) {
        writer.body(half);
        return Progress{Next::Close};
    }
    return {};
}

void Answer::writeWhole(AnswerHead head, QByteArray body, AnswerWriter &writer) const
{
    if (m_behaviour.fault.is(Kind::Gzip)) {
        body = gzipped(body);
        head.moreFields += "Content-Encoding: gzip\r\n";
    }
    const Framing framing = m_behaviour.framing;
    if (needsLength(m_behaviour) || framing == Framing::Auto)
        head.length = body.size();
    if (m_behaviour.fault.is(Kind::ShortLength))
        head.length = std::max<qint64>(head.length - LengthError, 0);
    else if (m_behaviour.fault.is(Kind::LongLength))
        head.length += LengthError;
    writer.head(head);
    writer.body(body);
    writer.end();
}

Progress Answer::whole() const
{
    const bool falseLength =
        m_behaviour.fault.is(Kind::ShortLength) || m_behaviour.fault.is(Kind::LongLength);
    return {falseLength ? Next::Close : Next::Complete};
}

Progress Answer::endlessBytes(AnswerWriter &writer)
{
    while (m_endlessLeft > 0) {
        if (!writer.hasRoom())
            return {Next::Room};
        writer.body(QByteArray(EndlessPiece, 'a'));
        m_endlessLeft -= EndlessPiece;
    }
    return {Next::Close};
}

int Answer::units() const
{
    return m_behaviour.reasoningTokens +
           (m_behaviour.toolCalls > 0 ? m_behaviour.toolCalls : m_behaviour.tokens);
}

WholeAnswer::WholeAnswer(const Behaviour &behaviour, MonotonicTime start, AnswerHead head, QByteArray body,
                         int tokens)
    : Answer(behaviour, start)
    , m_head(std::move(head))
    , m_body(std::move(body))
    , m_tokens(tokens)
{}

Progress WholeAnswer::proceed(MonotonicTime now, AnswerWriter &writer)
{
    if (m_tokens > 0) {
        const MonotonicTime due =
            headDue() + m_behaviour.firstTokenDelay + m_behaviour.interval * std::max(m_tokens - 1, 0);
        if (now < due)
            return {Next::Later, due};
    }
    if (m_behaviour.fault.is(Kind::Truncated))
        m_body.truncate(m_body.size() / 2);
    if (m_behaviour.fault.is(Kind::InvalidUtf8))
        m_body.replace("w0 ", "\xc3( ");
    if (m_behaviour.fault.is(Kind::Garbage))
        m_body = "<html>this is no JSON\xff</html>";

    if (m_behaviour.fault.is(Kind::EndlessLine)) {
        if (!std::exchange(m_isEndless, true)) {
            writer.head(m_head);
            writer.body(m_body.first(m_body.size() / 2));
        }
        return endlessBytes(writer);
    }

    const int middle = std::max(m_behaviour.fault.after, 0);
    const bool breaks = m_behaviour.fault.after >= 0 || m_behaviour.fault.is(Kind::HalfEvent);
    const bool canBreak = m_behaviour.fault.is(Kind::Reset) || m_behaviour.fault.is(Kind::Close) ||
                          m_behaviour.fault.is(Kind::Stall) || m_behaviour.fault.is(Kind::HalfEvent);
    if (breaks && canBreak) {
        m_head.length = m_body.size();
        writer.head(m_head);
        writer.body(m_body.first(m_body.size() / 2));
        if (const std::optional<Progress> broken = breakOff(middle, {}, writer))
            return *broken;
    }
    writeWhole(m_head, m_body, writer);
    m_tokensSent = m_tokens;
    return whole();
}

StreamedAnswer::StreamedAnswer(const Behaviour &behaviour, MonotonicTime start,
                               std::unique_ptr<AnswerForm> form)
    : Answer(behaviour, start)
    , m_form(std::move(form))
    , m_collects(needsLength(behaviour))
{}

Progress StreamedAnswer::proceed(MonotonicTime now, AnswerWriter &writer)
{
    if (m_phase == Phase::Head)
        begin(now, writer);
    return m_phase == Phase::EndlessLine ? endlessBytes(writer) : tokens(now, writer);
}

void StreamedAnswer::begin(MonotonicTime now, AnswerWriter &writer)
{
    m_phase = Phase::Tokens;
    m_firstDue = now + m_behaviour.firstTokenDelay;
    if (!m_collects)
        writer.head({.contentType = m_form->streamType(), .moreFields = "Cache-Control: no-cache\r\n"});
    writeEvents(m_form->opening(), writer);
}

Progress StreamedAnswer::tokens(MonotonicTime now, AnswerWriter &writer)
{
    for (;;) {
        if (!m_behaviour.fault.is(Kind::None)) {
            if (const std::optional<Progress> faulty = fault(writer))
                return *faulty;
        }
        if (m_tokensSent == units())
            return finish(writer, true);
        const MonotonicTime due = m_firstDue + m_behaviour.interval * m_tokensSent;
        if (now < due)
            return {Next::Later, due};
        if (!writer.hasRoom())
            return {Next::Room};
        writeUnit(m_tokensSent, writer);
        ++m_tokensSent;
    }
}

std::optional<Progress> StreamedAnswer::fault(AnswerWriter &writer)
{
    const bool last = m_tokensSent == units();
    const QByteArray event = m_form->frame(last ? m_form->token("x") : unit(m_tokensSent).first());
    if (const std::optional<Progress> broken = breakOff(m_tokensSent, event.first(event.size() / 2), writer))
        return broken;
    if (isDue(Kind::ErrorEvent, m_tokensSent)) {
        writeEvents({m_form->error(500, "the fake upstream fails in mid-stream")}, writer);
        return finish(writer, false);
    }
    if (isDue(Kind::EndlessLine, m_tokensSent)) {
        m_phase = Phase::EndlessLine;
        writer.body(m_form->frame("x").startsWith("data: ") ? "data: " : "");
        return endlessBytes(writer);
    }
    return {};
}

QList<QByteArray> StreamedAnswer::unit(int index) const
{
    if (index < m_behaviour.reasoningTokens)
        return {m_form->reasoning(m_behaviour.tokenText(index))};
    index -= m_behaviour.reasoningTokens;
    if (m_behaviour.toolCalls > 0)
        return m_form->toolCall(index);
    return {m_form->token(m_behaviour.tokenText(index))};
}

void StreamedAnswer::writeUnit(int index, AnswerWriter &writer)
{
    QList<QByteArray> events = unit(index);
    if (isDue(Kind::Garbage, index) && m_behaviour.fault.after >= 0)
        put("\x01\xfe garbage\n\n" + m_form->frame("<html>no JSON</html>"), writer);
    if (isDue(Kind::Truncated, index))
        events.first().truncate(events.first().size() / 2);
    if (isDue(Kind::InvalidUtf8, index))
        events = {m_form->token("\xc3( ")};
    writeEvents(events, writer);
}

void StreamedAnswer::writeEvents(const QList<QByteArray> &events, AnswerWriter &writer)
{
    for (const QByteArray &json : events) {
        if (m_behaviour.comments)
            put(m_form->comment(), writer);
        put(m_form->frame(json), writer);
    }
}

void StreamedAnswer::put(const QByteArray &framed, AnswerWriter &writer)
{
    if (m_collects)
        m_collected += framed;
    else
        writer.body(framed);
}

Progress StreamedAnswer::finish(AnswerWriter &writer, bool complete)
{
    if (complete) {
        writeEvents(m_form->closing(), writer);
        if (!m_behaviour.fault.is(Kind::NoDone))
            put(m_form->done(), writer);
    }
    if (!m_collects) {
        writer.end();
        return {Next::Complete};
    }
    writeWhole({.contentType = m_form->streamType()}, m_collected, writer);
    return whole();
}

} // namespace gatehouse::fakes
