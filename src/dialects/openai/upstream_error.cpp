// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/upstream_error.h"

#include "dialects/json/document.h"

#include <algorithm>

namespace gatehouse::openai {

namespace {

using json::Value;

/// What an error body says, whatever its shape.
struct Complaint
{
    QString message = {};
    QByteArray param = {};
    QByteArray reason = {};
    int status = 0; ///< A numeric `code`, as llama-server, vLLM and OpenRouter put the HTTP status there.
};

/// One line of bounded length: it goes to the caller and to the log.
QString excerpt(const QString &text)
{
    constexpr qsizetype maxCharacters = 1000;
    QString line = text.left(4 * maxCharacters);
    std::replace_if(
        line.begin(), line.end(), [](QChar c) { return c.category() == QChar::Other_Control; }, u' ');
    line = line.simplified();
    return line.size() <= maxCharacters ? line : line.left(maxCharacters) + QChar(0x2026);
}

QString textOf(const Value &value)
{
    return QString::fromUtf8(value.string());
}

/// `{message, type, param, code}`, at the top (older vLLM) or inside `error`.
Complaint readErrorObject(const Value &object)
{
    Complaint complaint{.message = textOf(object.find("message")),
                        .param = object.find("param").string(),
                        .reason = object.find("code").string()};
    if (complaint.reason.isEmpty())
        complaint.reason = object.find("type").string();
    complaint.status = static_cast<int>(qBound(0LL, object.find("code").integer().value_or(0), 999LL));
    if (complaint.message.isEmpty())
        complaint.message = QString::fromUtf8(object.raw().first(qMin<qsizetype>(object.raw().size(), 1000)));
    return complaint;
}

/// FastAPI: a text, or a list of `{loc: ["body", "messages", 0], msg, type}`.
Complaint readDetail(const Value &detail)
{
    if (detail.isString())
        return {.message = textOf(detail)};
    if (detail.isObject())
        return readErrorObject(detail);
    const Value first = detail.isEmpty() ? Value() : *detail.begin();
    QByteArray path;
    for (const Value step : first.find("loc")) {
        const QByteArray name = step.isString() ? step.string() : step.raw().toByteArray();
        if (name == "body")
            continue;
        path += step.isString() ? (path.isEmpty() ? name : '.' + name) : '[' + name + ']';
    }
    return {.message = textOf(first.find("msg")), .param = path, .reason = first.find("type").string()};
}

std::optional<Complaint> readComplaint(const Value &root)
{
    if (root.isArray() && !root.isEmpty()) // Google's OpenAI-compatible endpoint wraps its errors in a list.
        return readComplaint(*root.begin());
    const Value error = root.find("error");
    if (error.isString())
        return Complaint{.message = textOf(error)};
    if (error.isObject())
        return readErrorObject(error);
    const Value detail = root.find("detail");
    if (!detail.isNull())
        return readDetail(detail);
    if (root.find("message").isString())
        return readErrorObject(root);
    return {};
}

/// What a page or a plain text says: the page's title, or the text.
QString readPlainText(QByteArrayView body)
{
    constexpr qsizetype maxBytes = 16 * 1024;
    const QString text = QString::fromUtf8(body.first(qMin(body.size(), maxBytes)));
    if (!text.trimmed().startsWith(u'<'))
        return text;
    const qsizetype tag = text.indexOf(u"<title>", 0, Qt::CaseInsensitive);
    const qsizetype begin = tag + qsizetype(std::size("<title>")) - 1;
    const qsizetype end = tag < 0 ? -1 : text.indexOf(u"</", begin);
    return end < 0 ? QString() : text.mid(begin, end - begin);
}

Error rejected(int status, Complaint complaint)
{
    constexpr qsizetype maxWordBytes = 256;
    return {.code = ErrorCode::UpstreamRejected,
            .message = complaint.message,
            .param = complaint.param.left(maxWordBytes),
            .reason = complaint.reason.left(maxWordBytes),
            .upstreamStatus = status};
}

bool isClientError(int status)
{
    return status >= 400 && status < 500;
}

} // namespace

Error decodeError(int status, QByteArrayView body)
{
    json::Document document;
    (void)document.parse(body, {.bytes = 1024 * 1024, .values = 10000});
    std::optional<Complaint> complaint = readComplaint(document.root());
    if (!complaint)
        complaint = Complaint{.message = readPlainText(document.root().exists() ? QByteArrayView() : body)};
    complaint->message = excerpt(complaint->message);
    const QString answered = QStringLiteral("The upstream answered %1").arg(status);
    if (isClientError(status)) {
        if (complaint->message.isEmpty())
            complaint->message = answered + u'.';
        return rejected(status, *std::move(complaint));
    }
    Error error = rejected(status, *complaint);
    error.code = ErrorCode::UpstreamFailed;
    error.message =
        complaint->message.isEmpty() ? answered + u'.' : answered + QLatin1String(": ") + complaint->message;
    return error;
}

std::optional<Error> findError(const Value &payload)
{
    const bool isAnswer = payload.find("error").isNull() && payload.find("choices").isArray();
    if (isAnswer)
        return {};
    std::optional<Complaint> complaint = readComplaint(payload);
    if (!complaint)
        return {};
    complaint->message = excerpt(complaint->message);
    if (complaint->message.isEmpty())
        complaint->message = QStringLiteral("The upstream gave no reason.");
    const int status = complaint->status;
    if (isClientError(status))
        return rejected(status, *std::move(complaint));
    Error error = rejected(status, *complaint);
    error.code = ErrorCode::UpstreamFailed;
    error.message = QStringLiteral("The upstream failed: ") + complaint->message;
    return error;
}

Error garbageError(const QString &detail)
{
    return {.code = ErrorCode::UpstreamFailed,
            .message = QStringLiteral("The upstream sent something that is no answer."),
            .detail = detail};
}

Error cutError()
{
    return {.code = ErrorCode::UpstreamFailed,
            .message = QStringLiteral("The upstream's answer was cut off before its end.")};
}

} // namespace gatehouse::openai
