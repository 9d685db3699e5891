// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "exchange/ticket.h"
#include "http/request.h"
#include "http/response_sink.h"

namespace gatehouse {

/// One admitted request on its way through an endpoint: the request, the ticket and where the answer goes. A
/// child of its sink, so that it, and all that hangs on it, ends when the answer has ended or the client has
/// gone.
class Call : public QObject
{
    Q_OBJECT
public:
    /// `common`: fields that every answer to this request carries.
    Call(Request request, Ticket ticket, ResponseSink &sink, Headers common);

    [[nodiscard]] const Request &request() const { return m_request; }
    [[nodiscard]] Ticket &ticket() { return m_ticket; }
    [[nodiscard]] ResponseSink &sink() { return m_sink; }

    /// Begins an answer of unknown length in the sink; the ticket is settled by whoever ends it.
    void begin(int status, Headers headers);

    /// Sends a whole answer and settles the ticket.
    void reply(Response response);
    void replyJson(QByteArray body, int status = 200);

    /// Sends the error in the form that the request's path uses and settles the ticket.
    void fail(const Error &error);

private:
    Request m_request;
    Ticket m_ticket;
    ResponseSink &m_sink;
    Headers m_common;
};

/// An error as a whole answer: status, body in the form of `path` (contract §7), Retry-After, Allow,
/// WWW-Authenticate.
[[nodiscard]] Response errorResponse(const Error &error, QByteArrayView path);

} // namespace gatehouse
