// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/limiter.h"
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

    [[nodiscard]] const RequestRecord &record() const { return m_ticket.record(); }
    [[nodiscard]] const Caller &caller() const { return m_ticket.record().caller; }

    /// Fields that the answer is to carry besides its own.
    void addFields(const Headers &fields) { m_common.append(fields); }
    /// What is left of the caller's limits; what `figures` doesn't tell stays as it was told before.
    void setFigures(const RateFigures &figures);

    /// Begins an answer of unknown length in the sink; the ticket is settled by whoever ends it.
    void begin(int status, Headers headers);

    /// Settles the ticket and sends a whole answer.
    void reply(Response response);
    void replyJson(QByteArray body, int status = 200);

    /// Settles the ticket and sends the error in the form that the request's path uses.
    void fail(const Error &error);
    void refuse(const Refusal &refusal);

    /// Ends the call, and whatever waits for it, while its sink lives on: the lane is closing.
    void drop();

private:
    [[nodiscard]] Headers withCommonFields(Headers headers) const;

    Request m_request;
    Ticket m_ticket;
    ResponseSink &m_sink;
    Headers m_common;
    RateFigures m_figures;
};

/// An error as a whole answer: status, body in the form of `path` (contract §7), Retry-After, Allow,
/// WWW-Authenticate.
[[nodiscard]] Response errorResponse(const Error &error, QByteArrayView path);

} // namespace gatehouse
