// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/connection.h"

#include "base/id.h"
#include "http/bridge/http_server_bridge.h"
#include "http/connection/door_errors.h"
#include "http/connection/lingering_close.h"
#include "http/server.h"
#include "http/websocket/web_socket_handshake.h"
#include "http/websocket/web_socket_upgrader.h"
#include "http/wire/field_syntax.h"

#include <QScopedValueRollback>
#include <QSslSocket>

#include <sys/socket.h>

namespace gatehouse {

namespace {

/// What a turn of the loop may write before it goes out early.
constexpr qsizetype outputBound = 64 * 1024;

/// A body up to this length is read before anybody is asked: it is likely to have come with its head.
constexpr qint64 smallBody = 64 * 1024;

Peer peerOf(const QTcpSocket &socket)
{
    QHostAddress address = socket.peerAddress();
    // An IPv4 client of a listener for both families.
    bool isIpv4 = false;
    if (const quint32 ipv4 = address.toIPv4Address(&isIpv4); isIpv4)
        address = QHostAddress(ipv4);
    return {.address = address,
            .port = socket.peerPort(),
            .encrypted = qobject_cast<const QSslSocket *>(&socket) != nullptr};
}

} // namespace

Connection::Connection(ConnectionContext &context, QTcpSocket &socket, ConnectionSlot slot, QObject *parent)
    : QObject(parent)
    , m_context(context)
    , m_socket(socket)
    , m_slot(std::move(slot))
    , m_inbox(socket, context.scratch)
    , m_outbox(socket)
    , m_reader(context.limits)
    , m_peer(peerOf(socket))
{
    socket.setParent(this);
    connect(&socket, &QTcpSocket::readyRead, this, &Connection::pump);
    connect(&socket, &QTcpSocket::disconnected, this, &Connection::lose);
    connect(&m_readDeadline, &Deadline::passed, this, &Connection::expire);
    connect(&m_writeDeadline, &Deadline::passed, this, &Connection::lose);
}

Connection::~Connection()
{
    m_context.flushQueue.remove(*this);
    delete m_sink;
}

void Connection::start()
{
    if (auto *secure = qobject_cast<QSslSocket *>(&m_socket); secure && !secure->isEncrypted()) {
        m_readDeadline.set(m_context.settings.headTimeout);
        connect(secure, &QSslSocket::encrypted, this, &Connection::begin);
        connect(secure, &QSslSocket::encryptedBytesWritten, this, &Connection::noteProgress);
        return;
    }
    connect(&m_socket, &QTcpSocket::bytesWritten, this, &Connection::noteProgress);
    begin();
}

void Connection::refuseAll(const Error &error)
{
    m_refusal = error;
    start();
}

void Connection::begin()
{
    m_phase = Phase::Reading;
    if (m_refusal)
        refuse(*m_refusal, true);
    pump();
}

void Connection::drain()
{
    if (m_phase == Phase::Handshake)
        return lose();
    pump(); // A request that has come already gets its 503.
    if (m_phase == Phase::Reading && m_reader.isIdle())
        closeIdle();
    else if (m_sink)
        m_sink->forbidKeepAlive();
}

void Connection::cancel()
{
    if (m_phase == Phase::Closing || (m_phase == Phase::Answering && m_answerEnded))
        return;
    lose();
}

// Runs until nothing more can be done without new input, the handler's answer or room in the socket.
void Connection::pump()
{
    if (m_pumping || m_phase == Phase::Handshake || m_phase == Phase::Gone)
        return;
    {
        const QScopedValueRollback guard(m_pumping, true);
        while (advance()) {
        }
    }
    if (m_phase == Phase::Gone)
        return;
    if (!flush())
        return lose();
    updateReadDeadline();
}

bool Connection::advance()
{
    switch (m_phase) {
    case Phase::Reading:
        return readRequest();
    case Phase::Upgrading:
        return finishUpgrade();
    case Phase::Answering:
        return finishAnswer();
    case Phase::Closing:
        closeDown();
        return false;
    case Phase::Handshake:
    case Phase::Gone:
        break;
    }
    return false;
}

bool Connection::readRequest()
{
    QByteArrayView bytes = m_inbox.next();
    if (bytes.isEmpty())
        return false;
    if (m_reader.isIdle()) {
        m_firstByteAt = std::chrono::steady_clock::now();
        m_request.receivedAt = m_context.clock.now();
    }
    const RequestReader::Progress progress = m_reader.feed(bytes);
    m_inbox.keep(bytes);
    switch (progress) {
    case RequestReader::Progress::NeedMore:
        break;
    case RequestReader::Progress::HeadComplete:
        takeHead();
        break;
    case RequestReader::Progress::RequestComplete:
        takeRequest();
        break;
    case RequestReader::Progress::Failed:
        refuse(m_reader.error(), true);
        break;
    }
    return true;
}

void Connection::holdInput()
{
    if (m_inbox.hold())
        return;
    if (!m_hangupWatch) {
        m_hangupWatch = std::make_unique<HangupWatch>();
        connect(m_hangupWatch.get(), &HangupWatch::hungUp, this, &Connection::lose);
    }
    m_hangupWatch->start(static_cast<int>(m_socket.socketDescriptor()));
}

void Connection::describeRequest()
{
    if (!m_request.id.isEmpty())
        return;
    m_request.peer = m_peer;
    if (m_reader.isIdle()) // Nothing has been read.
        m_request.receivedAt = m_context.clock.now();
    if (m_reader.hasHead()) {
        const RequestHead &head = m_reader.head();
        m_request.method = head.method;
        m_request.path = head.path;
        m_request.query = head.query;
        m_request.headers = endToEndHeaders(head.headers);
        m_request.id = m_request.headers.value("x-request-id").value_or(QByteArray());
    }
    if (!isSaneRequestId(m_request.id))
        m_request.id = makeId("req_");
}

std::optional<Error> Connection::objectionToHead() const
{
    if (m_context.draining)
        return drainingError();
    const RequestHead &head = m_reader.head();
    const auto expectation = head.headers.value("expect");
    if (expectation && head.minorVersion >= 1 && !equalsIgnoringCase(*expectation, "100-continue"))
        return expectationError();
    return {};
}

Result<void> Connection::checkBeforeBody()
{
    const RequestHead &head = m_reader.head();
    if (head.framing == RequestHead::Framing::Length && head.contentLength <= smallBody &&
        !head.expectContinue)
        return {};
    describeRequest();
    const auto endpoint = findEndpoint();
    if (!endpoint)
        return endpoint.error();
    const HeadCheck &check = (*endpoint)->headCheck;
    return check ? check(m_request) : Result<void>();
}

void Connection::takeHead()
{
    if (const auto objection = objectionToHead())
        return refuse(*objection, true);
    if (const auto checked = checkBeforeBody(); !checked)
        return refuse(checked.error(), true);
    // Who is sending already needs no permission (RFC 9110 §10.1.1).
    if (m_reader.head().expectContinue && m_inbox.isEmpty())
        m_outbox.append("HTTP/1.1 100 Continue\r\n\r\n");
}

void Connection::takeRequest()
{
    if (const auto objection = objectionToHead())
        return refuse(*objection, m_context.draining);
    describeRequest();
    if (m_reader.head().isUpgradeToWebSocket)
        return upgrade();
    m_request.body = m_reader.takeBody();
    startAnswer(m_reader.head().keepAlive);
    m_context.bridge.dispatch(m_reader.head(), [this](bool taken) { runHandler(taken); });
}

void Connection::startAnswer(bool keepAlive)
{
    AnswerTerms terms{.keepAlive = keepAlive, .requestId = m_request.id};
    if (m_reader.hasHead()) {
        terms.minorVersion = m_reader.head().minorVersion;
        terms.isHead = m_reader.head().method == "HEAD";
    }
    m_sink = new ConnectionSink(*this, std::move(terms), this);
    m_answerEnded = false;
    m_phase = Phase::Answering;
}

void Connection::runHandler(bool taken)
{
    if (!m_sink) // The client left while the request waited for its turn in the bridge.
        return;
    if (!taken)
        return answerRefusal({.message = QStringLiteral("The request could not be handled.")});
    const auto endpoint = findEndpoint();
    if (!endpoint)
        return answerRefusal(endpoint.error());
    (*endpoint)->handler(std::move(m_request), *m_sink);
}

Result<const Router::Endpoint *> Connection::findEndpoint()
{
    const Router &router = m_context.service->router();
    auto endpoint = router.find(m_request);
    if (!endpoint && router.findWebSocket(m_request))
        return webSocketOnlyError();
    return endpoint;
}

void Connection::upgrade()
{
    const auto endpoint = m_context.service->router().findWebSocket(m_request);
    if (!endpoint)
        return refuse(endpoint.error(), false);
    if (const auto handshake = checkHandshake(m_reader.head()); !handshake)
        return refuse(handshake.error(), false);
    if (!m_inbox.isEmpty()) // RFC 6455 §4.1: the client waits for the 101.
        return refuse({.code = ErrorCode::InvalidRequest,
                       .message = QStringLiteral("Bytes ahead of the end of the WebSocket handshake.")},
                      true);
    m_phase = Phase::Upgrading;
    m_upgrade = std::make_unique<PendingUpgrade>(**endpoint);
    connect(m_upgrade.get(), &PendingUpgrade::decided, this, &Connection::pump);
    m_upgrade->ask(m_request);
}

bool Connection::finishUpgrade()
{
    if (!m_upgrade->isDecided()) {
        if (m_socket.bytesAvailable() > 0) // It was to wait.
            lose();
        return false;
    }
    PendingUpgrade &upgrade = *m_upgrade.release(); // It may be its gate that has called.
    upgrade.deleteLater();
    if (auto *response = std::get_if<Response>(&upgrade.decision())) {
        startAnswer(false);
        m_sink->send(*response);
        return true;
    }
    if (!m_context.service) {
        lose();
        return false;
    }
    m_socket.disconnect(this);
    retire();
    m_context.upgrader.upgrade({m_reader.head(), std::move(m_request), upgrade.endpoint(),
                                std::get<QByteArray>(std::move(upgrade.decision()))},
                               m_socket, std::move(*m_slot));
    return false;
}

void Connection::refuse(const Error &error, bool close)
{
    if (!m_context.service)
        return lose();
    describeRequest();
    startAnswer(!close && m_reader.head().keepAlive);
    answerRefusal(error);
}

void Connection::answerRefusal(const Error &error)
{
    Response response = m_context.service->refusal(m_request, error);
    refineRefusal(response, error.reason);
    m_sink->send(response);
}

void Connection::said()
{
    if (m_outbox.buffer().size() > outputBound && !flush())
        m_broken = true; // Said to the handler once it has returned.
    scheduleFlush();
    m_sink->reportPending(m_outbox.pending());
}

void Connection::answerEnded(bool keepAlive)
{
    m_answerEnded = true;
    m_keepAlive = keepAlive;
    scheduleFlush();
}

void Connection::answerAborted(bool reset)
{
    m_sink = nullptr;
    if (flush() && reset) {
        const ::linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(static_cast<int>(m_socket.socketDescriptor()), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    lose();
}

const QByteArray &Connection::date()
{
    return m_context.date.at(m_context.clock.wallNow());
}

bool Connection::finishAnswer()
{
    if (m_broken || !flush()) {
        lose();
        return false;
    }
    if (!m_answerEnded || m_outbox.pending() > 0) {
        holdInput();
        return false;
    }
    if (m_hangupWatch)
        m_hangupWatch->stop();
    m_requestCutOff = !m_reader.isComplete();
    m_reader.next();
    m_request = Request();
    // Who was promised that the connection goes on, and has sent more, gets a 503 for it.
    const bool goesOn = m_keepAlive && (!m_context.draining || !m_inbox.isEmpty());
    m_phase = goesOn ? Phase::Reading : Phase::Closing;
    std::exchange(m_sink, nullptr)->reportFinished();
    return true;
}

bool Connection::flush()
{
    const bool sound = m_outbox.flush();
    if (m_outbox.pending() == 0)
        m_writeDeadline.clear();
    else if (!m_writeDeadline.isSet())
        m_writeDeadline.set(m_context.settings.writeTimeout);
    return sound;
}

void Connection::scheduleFlush()
{
    if (!m_pumping && !std::exchange(m_flushScheduled, true))
        m_context.flushQueue.add(*this);
}

void Connection::flushNow()
{
    m_flushScheduled = false;
    pump();
}

void Connection::noteProgress()
{
    m_writeDeadline.clear();
    const qint64 pending = m_outbox.pending();
    if (pending > 0)
        m_writeDeadline.set(m_context.settings.writeTimeout);
    if (m_sink)
        m_sink->reportPending(pending);
    if (pending == 0)
        pump();
}

void Connection::updateReadDeadline()
{
    if (m_phase == Phase::Upgrading)
        m_readDeadline.set(m_upgrade->end());
    else if (m_phase != Phase::Reading)
        m_readDeadline.clear();
    else if (m_reader.isIdle())
        m_readDeadline.set(m_context.settings.idleTimeout);
    else if (m_reader.hasHead())
        m_readDeadline.set(m_context.settings.bodyTimeout);
    else
        m_readDeadline.set(m_firstByteAt + m_context.settings.headTimeout);
}

void Connection::expire()
{
    if (m_phase == Phase::Handshake || m_phase == Phase::Upgrading)
        return lose();
    if (m_reader.isIdle())
        return closeIdle();
    refuse({.code = ErrorCode::RequestTimeout,
            .message = m_reader.hasHead() ? QStringLiteral("The body stopped coming.")
                                          : QStringLiteral("The request head took too long.")},
           true);
    pump();
}

void Connection::closeIdle()
{
    m_writeDeadline.set(m_context.settings.writeTimeout); // TLS says goodbye first.
    m_socket.disconnectFromHost();
}

void Connection::closeDown()
{
    if (!flush())
        return lose();
    if (std::exchange(m_closed, true))
        return;
    // Only QSslSocket's own way of closing says so in TLS. It is left where the client is known to be still
    // sending; there the answer's length tells that it is whole.
    if (m_peer.encrypted && m_inbox.isEmpty() && !m_requestCutOff)
        m_socket.disconnectFromHost();
    else
        new LingeringClose(m_socket);
}

void Connection::lose()
{
    if (m_phase == Phase::Gone)
        return;
    retire();
    if (ConnectionSink *sink = std::exchange(m_sink, nullptr))
        sink->reportGone();
    m_socket.abort();
}

void Connection::retire()
{
    m_phase = Phase::Gone;
    m_upgrade.reset();
    m_inbox.clear();
    m_readDeadline.clear();
    m_writeDeadline.clear();
    if (m_hangupWatch)
        m_hangupWatch->stop();
    deleteLater();
}

} // namespace gatehouse
