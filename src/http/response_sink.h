// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/headers.h"

#include <QObject>

namespace gatehouse {

/// A whole answer. Content-Length, Date, Connection and x-request-id are the door's to add.
struct Response
{
    int status = 200;
    Headers headers;
    QByteArray body;
};

/// Where the answer to one request goes. Owned by its connection; lives in its lane's thread, until the
/// answer has ended or the client has gone, whichever is first. Whatever serves the request is made a child
/// of the sink (or listens to destroyed()), so that it ends with it.
///
/// Either send() once, or begin(), write()*, end(). Calls after the end, or after the client has gone, do
/// nothing.
class ResponseSink : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    virtual void send(const Response &response) = 0;

    /// Begins an answer of unknown length: chunked for HTTP/1.1, ended by closing for HTTP/1.0. HEAD gets the
    /// head only.
    virtual void begin(int status, const Headers &headers) = 0;
    virtual void write(const QByteArray &bytes) = 0;
    virtual void end() = 0;

    /// Cuts the connection. The one honest end for a begun answer that can't tell its failure in its own
    /// format.
    virtual void abort() = 0;

    [[nodiscard]] virtual bool hasBegun() const = 0;

    /// Bytes that the client has not taken yet.
    [[nodiscard]] virtual qint64 pendingBytes() const = 0;

Q_SIGNALS:
    /// More than 256 KiB are pending: pause the source. Followed by drained() (below half of that) or by
    /// clientGone().
    void congested();
    void drained();

    /// The client has gone before the answer's end. The sink (and its children) is deleted when control is
    /// back in the event loop; nothing that is written reaches anybody.
    void clientGone();

    /// The last byte was handed to the operating system. `bytes` is the body's length on the wire.
    void finished(qint64 bytes);
};

} // namespace gatehouse
