// SPDX-License-Identifier: GPL-3.0-or-later
#include "integration/door/door_service.h"

#include "http/web_socket_channel.h"

#include <QTimer>

namespace gatehouse {

namespace {

const Headers text{{"Content-Type", "text/plain"}};

int statusOf(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Unauthenticated:
        return 401;
    case ErrorCode::Forbidden:
        return 403;
    case ErrorCode::NotFound:
        return 404;
    case ErrorCode::MethodNotAllowed:
        return 405;
    case ErrorCode::RequestTimeout:
        return 408;
    case ErrorCode::PayloadTooLarge:
        return 413;
    case ErrorCode::UriTooLong:
        return 414;
    case ErrorCode::HeadersTooLarge:
        return 431;
    case ErrorCode::RateLimited:
        return 429;
    case ErrorCode::NotImplemented:
        return 501;
    case ErrorCode::Overloaded:
        return 503;
    case ErrorCode::InvalidRequest:
        return 400;
    default:
        return 500;
    }
}

/// Writes pieces for as long as the reader takes them, and goes on when it takes more.
class Source : public QObject
{
public:
    Source(ResponseSink &sink, qint64 size, Observations &seen)
        : QObject(&sink)
        , m_sink(sink)
        , m_left(size)
        , m_seen(seen)
    {
        connect(&sink, &ResponseSink::congested, this, [this] {
            m_paused = true;
            ++m_seen.congested;
        });
        connect(&sink, &ResponseSink::drained, this, [this] {
            m_paused = false;
            ++m_seen.drained;
            produce();
        });
        m_timer.callOnTimeout(this, &Source::produce);
        m_timer.start(0);
    }

private:
    void produce()
    {
        if (m_paused)
            return m_timer.stop();
        const QByteArray piece(qMin<qint64>(m_left, 16 * 1024), 'x');
        m_left -= piece.size();
        m_seen.produced += piece.size();
        m_sink.write(piece);
        if (m_left == 0) {
            m_timer.stop();
            m_sink.end();
        } else if (!m_paused && !m_timer.isActive()) {
            m_timer.start(0);
        }
    }

    ResponseSink &m_sink;
    qint64 m_left;
    Observations &m_seen;
    bool m_paused = false;
    QTimer m_timer;
};

Result<void> checkKey(const Request &request)
{
    const auto key = request.headers.value("x-api-key");
    if (!key)
        return Error{.code = ErrorCode::Unauthenticated};
    if (*key == "slow down")
        return Error{.code = ErrorCode::RateLimited, .retryAfter = std::chrono::seconds(7)};
    if (*key != "sesame")
        return Error{.code = ErrorCode::Forbidden};
    return {};
}

WebSocketDecision decisionAbout(const Request &request)
{
    if (const auto checked = checkKey(request); !checked) {
        Response refusal{.status = statusOf(checked.error().code),
                         .headers = {{"Content-Type", "application/json"}, {"X-Gate", "yes"}},
                         .body = "{\"error\":\"the gate's own\"}"};
        if (const auto retryAfter = checked.error().retryAfter)
            refusal.headers.add("Retry-After", QByteArray::number(qint64(retryAfter->count())));
        return refusal;
    }
    const QByteArray offered = request.headers.value("sec-websocket-protocol").value_or(QByteArray());
    return offered.contains("gatehouse.v1") ? QByteArray("gatehouse.v1") : QByteArray();
}

QByteArray describe(const Request &request)
{
    QByteArray line = request.method + ' ' + request.path;
    if (!request.query.isEmpty())
        line += '?' + request.query;
    return line;
}

} // namespace

void Observations::note(const QByteArray &line)
{
    const QMutexLocker lock(&m_mutex);
    m_lines.append(line);
}

QByteArrayList Observations::lines() const
{
    const QMutexLocker lock(&m_mutex);
    return m_lines;
}

void Observations::noteLane(int lane)
{
    const QMutexLocker lock(&m_mutex);
    while (m_byLane.size() <= lane)
        m_byLane.append(0);
    ++m_byLane[lane];
}

QList<int> Observations::requestsByLane() const
{
    const QMutexLocker lock(&m_mutex);
    return m_byLane;
}

DoorService::DoorService(int lane, Observations &seen)
    : m_lane(lane)
    , m_seen(seen)
{
    addAnswers();
    addUpload();
    addStreams();
    addWebSockets();
}

DoorService::~DoorService() = default;

Response DoorService::refusal(const Request &request, const Error &error) const
{
    ++m_seen.refused;
    if (request.id.isEmpty() || request.peer.address.isNull() || request.receivedAt == MonotonicTime())
        ++m_seen.vagueRefusals;
    Response response{.status = statusOf(error.code),
                      .headers = {{"Content-Type", "application/json"}},
                      .body = "{\"error\":{\"code\":\"" + QByteArray(errorCodeName(error.code)) +
                              "\",\"path\":\"" + request.path + "\",\"endpoint\":\"" + request.endpoint +
                              "\"}}"};
    if (error.retryAfter)
        response.headers.add("Retry-After", QByteArray::number(qint64(error.retryAfter->count())));
    if (error.code == ErrorCode::MethodNotAllowed)
        response.headers.add("Allow", error.detail.toLatin1());
    return response;
}

void DoorService::drain()
{
    ++m_seen.draining;
}

void DoorService::add(QByteArray method, QByteArray pattern, Handler handler, HeadCheck headCheck)
{
    m_router.add(
        std::move(method), std::move(pattern),
        [this, handler = std::move(handler)](Request request, ResponseSink &sink) {
            ++m_seen.served;
            ++m_seen.alive;
            m_seen.note(describe(request));
            m_seen.noteLane(m_lane);
            Observations &seen = m_seen;
            QObject::connect(&sink, &QObject::destroyed, [&seen] { --seen.alive; });
            QObject::connect(&sink, &ResponseSink::clientGone, [&seen] {
                seen.lastGone = std::chrono::steady_clock::now();
                ++seen.gone;
            });
            QObject::connect(&sink, &ResponseSink::finished, [&seen](qint64 bytes) {
                ++seen.finished;
                seen.finishedBytes += bytes;
            });
            handler(std::move(request), sink);
        },
        std::move(headCheck));
}

void DoorService::addAnswers()
{
    add("GET", "/hello", [](const Request &, ResponseSink &sink) { sink.send({200, text, "hello\n"}); });
    add("GET", "/named/{name...}", [](const Request &request, ResponseSink &sink) {
        sink.send(
            {200, text, request.endpoint + ' ' + request.pathParameters.value("name") + ' ' + request.query});
    });
    add("POST", "/echo", [](const Request &request, ResponseSink &sink) {
        Headers headers = text;
        headers.add("X-Content-Type", request.headers.value("content-type").value_or("none"));
        headers.add("Content-Length", "7"); // The door's own business: must not come through.
        sink.send({200, headers, request.body});
    });
    add("GET", "/peer", [](const Request &request, ResponseSink &sink) {
        sink.send({200, text,
                   request.peer.address.toString().toLatin1() +
                       (request.peer.encrypted ? " encrypted" : " plain")});
    });
    add("GET", "/no-content", [](const Request &, ResponseSink &sink) {
        sink.send({204, {}, "not to be seen"});
    });
    add("GET", "/not-modified", [](const Request &, ResponseSink &sink) {
        sink.send({304, {}, "not to be seen"});
    });
    add("GET", "/delayed/{ms}", [](const Request &request, ResponseSink &sink) {
        QTimer::singleShot(request.pathParameters.value("ms").toInt(), &sink, [&sink] {
            sink.send({200, text, "late\n"});
        });
    });
    add("GET", "/bulk/{bytes}", [](const Request &request, ResponseSink &sink) {
        sink.send({200, text, QByteArray(request.pathParameters.value("bytes").toInt(), 'b')});
    });
}

void DoorService::addUpload()
{
    const auto check = [this](const Request &head) -> Result<void> {
        ++m_seen.headChecks;
        m_seen.note("CHECK " + describe(head) + " endpoint=" + head.endpoint +
                    " name=" + head.pathParameters.value("name") + " id=" + head.id +
                    " peer=" + head.peer.address.toString().toLatin1() +
                    (head.receivedAt == MonotonicTime() ? "" : " received") +
                    " body=" + QByteArray::number(head.body.size()));
        return checkKey(head);
    };
    const auto answer = [](const Request &request, ResponseSink &sink) {
        sink.send({200, text, QByteArray::number(request.body.size())});
    };
    add("POST", "/upload/{name}", answer, check);
}

void DoorService::addStreams()
{
    add("GET", "/stream/{count}", [](const Request &request, ResponseSink &sink) {
        sink.begin(200, {{"Content-Type", "text/event-stream"}});
        auto *timer = new QTimer(&sink);
        timer->callOnTimeout(
            &sink, [&sink, timer, sent = 0, count = request.pathParameters.value("count").toInt()]() mutable {
                if (sent == count) {
                    timer->stop();
                    return sink.end();
                }
                sink.write("data: " + QByteArray::number(sent++) + "\n\n");
            });
        timer->start(2);
    });
    add("GET", "/flood/{bytes}", [this](const Request &request, ResponseSink &sink) {
        sink.begin(200, text);
        new Source(sink, request.pathParameters.value("bytes").toLongLong(), m_seen);
    });
    add("GET", "/hang", [this](const Request &, ResponseSink &sink) {
        QObject::connect(&m_context, &QObject::destroyed, &sink, [&sink] {
            sink.begin(200, text);
            sink.write("last words\n");
            sink.end();
        });
    });
    add("GET", "/never", [](const Request &, ResponseSink &) {});
    add("GET", "/abort", [](const Request &, ResponseSink &sink) {
        sink.begin(200, text);
        sink.write("so far\n");
        sink.abort();
    });
}

void DoorService::addWebSockets()
{
    const WebSocketGate gate = [](const Request &request, QObject &, const auto &decide) {
        decide(decisionAbout(request));
    };
    const WebSocketHandler echo = [this](const Request &request, WebSocketChannel &channel) {
        ++m_seen.channels;
        m_seen.note("WS " + request.path);
        Observations &seen = m_seen;
        QObject::connect(&channel, &WebSocketChannel::message, &channel, &WebSocketChannel::send);
        QObject::connect(&channel, &WebSocketChannel::congested, [&seen] { ++seen.congested; });
        QObject::connect(&channel, &WebSocketChannel::closed, [&seen] { --seen.channels; });
        QObject::connect(&channel, &WebSocketChannel::draining, &channel, [&seen, &channel] {
            ++seen.draining;
            channel.close(1001, QStringLiteral("draining"));
        });
    };
    m_router.addWebSocket("/ws/echo", gate, echo);
    const WebSocketGate hesitant = [this](const Request &request, QObject &context, const auto &decide) {
        Observations &seen = m_seen;
        ++seen.undecided;
        QObject::connect(&context, &QObject::destroyed, [&seen] { --seen.undecided; });
        const int wait = request.pathParameters.value("ms").toInt();
        QTimer::singleShot(wait, &context, [decision = decisionAbout(request), decide] { decide(decision); });
    };
    m_router.addWebSocket("/ws/later/{ms}", hesitant, echo);
    m_router.addWebSocket("/ws/spill", gate, [this](const Request &, WebSocketChannel &channel) {
        ++m_seen.channels;
        Observations &seen = m_seen;
        QObject::connect(&channel, &WebSocketChannel::congested, [&seen] { ++seen.congested; });
        QObject::connect(&channel, &WebSocketChannel::closed, [&seen] { --seen.channels; });
        for (int i = 0; i < 500; ++i) {
            channel.send(QByteArray(64 * 1024, 's'));
            seen.produced = qMax<qint64>(seen.produced, channel.pendingBytes());
        }
    });
    m_router.addWebSocket("/ws/flood", gate, [this](const Request &, WebSocketChannel &channel) {
        ++m_seen.channels;
        Observations &seen = m_seen;
        auto *timer = new QTimer(&channel);
        timer->callOnTimeout(&channel, [&seen, &channel] {
            seen.produced += 16 * 1024;
            channel.send(QByteArray(16 * 1024, 'w'));
        });
        QObject::connect(&channel, &WebSocketChannel::congested, timer, [&seen, timer] {
            ++seen.congested;
            timer->stop();
        });
        QObject::connect(&channel, &WebSocketChannel::drained, timer, [&seen, timer] {
            ++seen.drained;
            timer->start(0);
        });
        QObject::connect(&channel, &WebSocketChannel::closed, [&seen] { --seen.channels; });
        timer->start(0);
    });
}

} // namespace gatehouse
