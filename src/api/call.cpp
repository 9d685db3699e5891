// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/call.h"

#include "admission/limits/rate_headers.h"
#include "api/http_status.h"
#include "dialects/openai/error_body.h"

namespace gatehouse {

Call::Call(Request request, Ticket ticket, ResponseSink &sink, Headers common)
    : QObject(&sink)
    , m_request(std::move(request))
    , m_ticket(std::move(ticket))
    , m_sink(sink)
    , m_common(std::move(common))
{}

void Call::begin(int status, Headers headers)
{
    m_ticket.record().status = status;
    m_sink.begin(status, withCommonFields(std::move(headers)));
}

void Call::reply(Response response)
{
    response.headers = withCommonFields(std::move(response.headers));
    m_ticket.record().status = response.status;
    m_ticket.answered();
    m_sink.send(response);
}

void Call::replyJson(QByteArray body, int status)
{
    reply({.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)});
}

void Call::fail(const Error &error)
{
    Response response = errorResponse(error, m_request.path);
    response.headers = withCommonFields(std::move(response.headers));
    m_ticket.record().status = response.status;
    m_ticket.failed(error);
    m_sink.send(response);
}

void Call::refuse(const Refusal &refusal)
{
    setFigures(refusal.figures);
    fail(refusal.error);
}

void Call::drop()
{
    if (!m_ticket.isSettled())
        fail({.code = ErrorCode::Overloaded,
              .message = tr("The server is going down."),
              .retryAfter = std::chrono::seconds(5)});
    delete this;
}

void Call::setFigures(const RateFigures &figures)
{
    if (figures.requests)
        m_figures.requests = figures.requests;
    if (figures.tokens)
        m_figures.tokens = figures.tokens;
}

Headers Call::withCommonFields(Headers headers) const
{
    headers.append(m_common);
    for (const auto &[name, value] : rateHeaders(m_figures))
        headers.add(name, value);
    return headers;
}

Response errorResponse(const Error &error, QByteArrayView path)
{
    // The predecessors' clients read `detail`, and they speak to these paths only (contract §7).
    const bool withDetail = path.startsWith("/api") || path.startsWith("/auth") || path.startsWith("/health");
    Response response{.status = httpStatus(error),
                      .headers = {{"Content-Type", "application/json"}},
                      .body = openai::encodeError(error, withDetail ? openai::ErrorForm::WithDetail
                                                                    : openai::ErrorForm::Plain)};
    if (error.retryAfter)
        response.headers.add("Retry-After", QByteArray::number(qint64(error.retryAfter->count())));
    if (error.code == ErrorCode::Unauthenticated) // An upstream's 401 is not about this server's credentials.
        response.headers.add("WWW-Authenticate", "Bearer");
    if (error.code == ErrorCode::MethodNotAllowed)
        response.headers.add("Allow", error.detail.toLatin1());
    // OpenAI's clients retry a 409 unless told that it is of no use.
    if (response.status == 409)
        response.headers.add("x-should-retry", "false");
    return response;
}

} // namespace gatehouse
