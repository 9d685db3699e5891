// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/connection.h"

#include "fakes/answer_maker.h"

#include <sys/socket.h>

#include <algorithm>

namespace gatehouse::fakes {

namespace {

using Next = Progress::Next;

bool isVerdict(Next next)
{
    return next != Next::Later && next != Next::Room;
}

void wakeAt(QTimer &timer, MonotonicTime now, MonotonicTime due)
{
    timer.start(
        std::max(std::chrono::ceil<std::chrono::milliseconds>(due - now), std::chrono::milliseconds(0)));
}

} // namespace

Connection::Connection(qintptr descriptor, Script &script, Journal &journal, QObject *parent)
    : QObject(parent)
    , m_script(script)
    , m_journal(journal)
    , m_socket(this)
    , m_timer(this)
{
    m_journal.noteConnection(true);
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &Connection::pump);
    connect(&m_socket, &QTcpSocket::readyRead, this, &Connection::read);
    connect(&m_socket, &QTcpSocket::bytesWritten, this, &Connection::pump);
    // Not disconnected(): with bytes still to be written, Qt emits that long after the client's FIN.
    connect(&m_socket, &QTcpSocket::stateChanged, this, &Connection::leave);
    m_socket.setSocketDescriptor(descriptor);
    m_socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
}

Connection::~Connection()
{
    m_socket.disconnect(this);
    if (m_answer)
        m_journal.noteEnd(m_requestId, Ending::Cut);
    m_journal.noteConnection(false);
}

void Connection::reset()
{
    if (m_answer)
        m_journal.noteEnd(m_requestId, Ending::Cut);
    cut(true);
    tidy();
}

void Connection::read()
{
    m_reader.feed(m_socket.readAll());
    pump();
}

void Connection::pump()
{
    if (m_pumping)
        return;
    m_pumping = true;
    while (!m_gone && step()) {
    }
    m_pumping = false;
    if (m_gone)
        tidy();
}

bool Connection::step()
{
    if (!m_answer && !begin())
        return false;
    const MonotonicTime now = std::chrono::steady_clock::now();
    std::optional<MonotonicTime> due;
    if (!m_verdict) {
        const Progress progress = m_answer->advance(now, *m_writer);
        m_journal.noteTokens(m_requestId, m_answer->tokensSent());
        if (isVerdict(progress.next))
            m_verdict = progress.next;
        else if (progress.next == Next::Later)
            due = progress.due;
    }
    const std::optional<MonotonicTime> nextByte = m_writer->drip(now);
    if (m_verdict && m_writer->isDrained())
        return settle(*m_verdict);
    if (nextByte)
        due = due ? std::min(*due, *nextByte) : *nextByte;
    if (due)
        wakeAt(m_timer, now, *due);
    return false;
}

bool Connection::begin()
{
    const std::optional<WireRequest> request = m_reader.next();
    if (!request) {
        if (m_reader.isBroken())
            cut(false);
        return false;
    }
    if (request->path == "/fake/stats") { // about the record, so not part of it
        AnswerWriter writer(m_socket, {}, request->keepAlive);
        const QByteArray json = m_journal.toJson();
        writer.head({.length = json.size()});
        writer.body(json);
        if (request->keepAlive)
            return begin();
        cut(false);
        return false;
    }
    m_requestId = m_journal.noteRequest(*request);
    m_answer = makeAnswer({.request = *request,
                           .id = m_requestId,
                           .base = m_script.next(request->method == "POST"),
                           .models = m_script.models(),
                           .receivedAt = std::chrono::steady_clock::now()});
    m_writer.emplace(m_socket, m_answer->behaviour(), request->keepAlive);
    return true;
}

bool Connection::settle(Progress::Next verdict)
{
    m_timer.stop();
    if (verdict == Next::Nothing)
        return false;
    const bool complete = verdict == Next::Complete;
    m_journal.noteEnd(m_requestId, complete ? Ending::Complete : Ending::Cut);
    m_answer.reset();
    m_verdict.reset();
    if (verdict == Next::Refuse)
        Q_EMIT refuseFromNowOn();
    if (!complete || m_writer->endsWithConnection())
        cut(verdict == Next::Reset || verdict == Next::Refuse);
    return !m_gone;
}

void Connection::cut(bool reset)
{
    m_gone = true;
    if (!reset)
        return m_socket.disconnectFromHost();
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(int(m_socket.socketDescriptor()), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    m_socket.abort();
}

void Connection::leave(QAbstractSocket::SocketState state)
{
    if (state == QAbstractSocket::ConnectedState)
        return;
    if (m_answer && !m_gone)
        m_journal.noteEnd(m_requestId, Ending::ClientLeft);
    m_gone = true;
    if (!m_pumping)
        tidy();
}

void Connection::tidy()
{
    m_answer.reset();
    m_timer.stop();
    if (m_socket.state() == QAbstractSocket::UnconnectedState)
        deleteLater();
}

} // namespace gatehouse::fakes
