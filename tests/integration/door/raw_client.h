// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/headers.h"

#include <QByteArray>
#include <QString>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace gatehouse {

/// One answer, as a client sees it.
struct Answer
{
    int status = 0; ///< 0: there was none.
    Headers headers;
    QByteArray body;
    bool complete = false; ///< The body came to its end.

    [[nodiscard]] QByteArray field(QByteArrayView name) const
    {
        return headers.value(name).value_or(QByteArray());
    }
};

/// A blocking TCP client that sends just the bytes that it is told to.
class RawClient
{
public:
    explicit RawClient(quint16 port, const char *address = "127.0.0.1", int receiveBuffer = 0);
    ~RawClient();
    RawClient(const RawClient &) = delete;
    RawClient &operator=(const RawClient &) = delete;

    [[nodiscard]] bool isConnected() const { return m_fd >= 0; }

    /// False when not everything could be sent.
    bool send(QByteArrayView bytes);
    void shutdownWrite();
    void close();
    /// Gives up the socket: the caller's from now on.
    [[nodiscard]] int release() { return std::exchange(m_fd, -1); }
    /// Closes with a reset.
    void reset();

    /// The next answer; `toHead`: it belongs to a HEAD request. Interim answers (100) come one by one.
    [[nodiscard]] Answer receive(bool toHead = false);
    /// What comes within `timeout`, or until the server closes.
    [[nodiscard]] QByteArray receiveBytes(std::chrono::milliseconds timeout, qsizetype enough = 1);
    [[nodiscard]] QByteArray receiveAll();
    /// Whether the server closes within `timeout` without sending anything further.
    [[nodiscard]] bool isClosedWithin(std::chrono::milliseconds timeout);
    [[nodiscard]] bool wasReset() const { return m_wasReset; }

private:
    enum class Got { Bytes, Nothing, End };
    Got fill(std::chrono::milliseconds timeout);
    [[nodiscard]] std::optional<QByteArray> takeLine();
    [[nodiscard]] bool readBody(Answer &answer, qsizetype size);
    [[nodiscard]] bool readChunks(Answer &answer);

    int m_fd = -1;
    QByteArray m_buffer;
    bool m_ended = false;
    bool m_wasReset = false;
};

/// `GET path HTTP/1.1` with a Host field and `more` (whole field lines).
[[nodiscard]] QByteArray get(const QByteArray &path, const QByteArray &more = {});

[[nodiscard]] QByteArray post(const QByteArray &path, const QByteArray &body, const QByteArray &more = {});

} // namespace gatehouse
