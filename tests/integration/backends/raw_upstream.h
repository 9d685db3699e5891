// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QPointer>
#include <QTcpServer>
#include <QTcpSocket>

#include <chrono>
#include <functional>

namespace gatehouse {

/// One request as it came.
struct RawRequest
{
    QByteArray line;                       ///< `POST /v1/… HTTP/1.1`
    QHash<QByteArray, QByteArray> headers; ///< Names in lower case.
    QByteArray body;
};

/// An HTTP server on loopback that writes just the bytes that a test wants, however wrong, and counts what
/// it sees. Lives in the test's own thread.
class RawUpstream : public QTcpServer
{
    Q_OBJECT
public:
    using Handler = std::function<void(QTcpSocket &, const RawRequest &)>;

    explicit RawUpstream(Handler handler);
    ~RawUpstream() override;

    [[nodiscard]] QUrl url(const char *path = "/v1/chat/completions") const;

    int accepted = 0;     ///< Connections.
    int disconnected = 0; ///< Connections that ended.
    int open = 0;         ///< Connections that stand.
    int requests = 0;     ///< Complete requests.
    RawRequest last;
    QByteArray lastHead; ///< As it came.
    std::chrono::steady_clock::time_point lastDisconnect;

private:
    void accept();
    void read(QTcpSocket &socket);

    Handler m_handler;
    QHash<QTcpSocket *, QByteArray> m_pending;
};

/// `HTTP/1.1 <status>` with Content-Length.
[[nodiscard]] QByteArray httpAnswer(const char *status, const QByteArray &body,
                                    const QByteArray &contentType = "application/json",
                                    const QByteArray &moreHeaders = {});
/// The head of a chunked answer, and one of its chunks.
[[nodiscard]] QByteArray chunkedHead(const QByteArray &contentType = "text/event-stream");
[[nodiscard]] QByteArray chunk(const QByteArray &bytes);
inline constexpr char lastChunk[] = "0\r\n\r\n";

} // namespace gatehouse
