// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/error_body.h"

namespace gatehouse::openai {

namespace {

/// `type` and, unless the error has a finer reason, `code` (empty: null).
struct Words
{
    QByteArrayView type;
    QByteArrayView code;
};

constexpr QByteArrayView invalidRequest = "invalid_request_error";
constexpr QByteArrayView serverError = "server_error";
constexpr QByteArrayView rateLimit = "requests"; // OpenAI's word for limits other than those of tokens.

/// The type that OpenAI uses for an answer of that status.
QByteArrayView typeOfStatus(int status)
{
    switch (status) {
    case 403:
        return "permission_error";
    case 404:
        return "not_found_error";
    case 429:
        return rateLimit;
    default:
        return invalidRequest;
    }
}

Words wordsOf(const Error &error)
{
    switch (error.code) {
    case ErrorCode::InvalidRequest:
        return {invalidRequest, {}};
    case ErrorCode::Unauthenticated:
        return {invalidRequest, "invalid_api_key"};
    case ErrorCode::Forbidden:
        return {"permission_error", "permission_denied"};
    case ErrorCode::NotFound:
        return {"not_found_error", "not_found"};
    case ErrorCode::RateLimited:
        return {rateLimit, "rate_limit_exceeded"};
    case ErrorCode::UpstreamRejected:
        return {typeOfStatus(error.upstreamStatus), {}};
    case ErrorCode::MethodNotAllowed:
    case ErrorCode::ModelNotFound:
    case ErrorCode::RouteConflict:
    case ErrorCode::AmbiguousModel:
    case ErrorCode::RequestTimeout:
    case ErrorCode::PayloadTooLarge:
    case ErrorCode::UnsupportedMediaType:
    case ErrorCode::UriTooLong:
    case ErrorCode::HeadersTooLarge:
    case ErrorCode::NotImplemented:
        return {invalidRequest, errorCodeName(error.code)};
    case ErrorCode::Overloaded:
    case ErrorCode::UpstreamFailed:
    case ErrorCode::UpstreamUnreachable:
    case ErrorCode::UpstreamTimeout:
    case ErrorCode::Cancelled:
    case ErrorCode::Internal:
        return {serverError, errorCodeName(error.code)};
    }
    Q_UNREACHABLE();
}

void writeOrNull(json::Writer &writer, QByteArrayView name, QByteArrayView text)
{
    writer.key(name);
    if (text.isEmpty())
        writer.null();
    else
        writer.string(text);
}

} // namespace

void writeErrorMembers(json::Writer &writer, const Error &error, ErrorForm form)
{
    const Words words = wordsOf(error);
    const QByteArray message = error.message.toUtf8();
    // OpenAI's clients tell a used-up quota, which is not worth a retry, from a limit by its type.
    const bool quota = error.reason == "insufficient_quota";
    writer.key("error").beginObject();
    writer.key("message").string(message);
    writer.key("type").string(quota ? QByteArrayView(error.reason) : words.type);
    writeOrNull(writer, "param", error.param);
    writeOrNull(writer, "code", error.reason.isEmpty() ? words.code : QByteArrayView(error.reason));
    writer.endObject();
    if (form == ErrorForm::WithDetail)
        writer.key("detail").string(message);
}

QByteArray encodeError(const Error &error, ErrorForm form)
{
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject();
    writeErrorMembers(writer, error, form);
    writer.endObject();
    return body;
}

} // namespace gatehouse::openai
