// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/upstream_error.h"

#include "dialects/json/document.h"

#include <algorithm>
#include <array>

namespace gatehouse::openai {

namespace {

using json::Value;

/// What an error body says, whatever its shape.
struct Complaint
{
    QString message = {};
    QByteArray param = {};
    QByteArray reason = {};
    int status = 0; ///< What `code` says, as llama-server, vLLM and OpenRouter put the HTTP status there.
};

constexpr char contextLengthExceeded[] = "context_length_exceeded"; // OpenAI's word.

/// Whether these are the words of a server, or of a provider behind it, for a conversation that doesn't fit
/// into the model's window. Most servers have no code for that.
bool speaksOfContextLength(const QString &message)
{
    static constexpr std::array phrases{
        u"maximum context length",         // OpenAI, vLLM, OpenRouter, DeepSeek; Ollama for embeddings
        u"max context length",             // Ollama
        u"exceeds the context length",     // Ollama
        u"exceeds the available context",  // llama-server before it had a type for it
        u"maximum model length",           // vLLM: "longer than the …"
        u"too long to fit into the model", // vLLM
        u"prompt is too long",             // Anthropic
        u"exceeds the maximum number of tokens allowed", // Google
        u"contextwindowexceedederror",                   // LiteLLM
    };
    return std::ranges::any_of(phrases, [&message](const char16_t *phrase) {
        return message.contains(QStringView(phrase), Qt::CaseInsensitive);
    });
}

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

/// A word, an HTTP status (LiteLLM writes it as a text), or a number of the server's own, which is a word,
/// too.
void takeCode(const Value &code, Complaint &complaint)
{
    const QByteArray word = code.isString() ? code.string() : code.integer() ? code.raw().toByteArray() : "";
    bool isNumber = false;
    const int number = word.toInt(&isNumber);
    if (isNumber && number >= 100 && number <= 599)
        complaint.status = number;
    else if (word != "0")
        complaint.reason = word;
}

/// What the provider behind OpenRouter said (`metadata: {raw, provider_name}`); OpenRouter's own message is
/// then but "Provider returned error".
QString readProvidersWords(const Value &metadata)
{
    const QByteArray raw = metadata.find("raw").string();
    json::Document document;
    (void)document.parse(raw, {.bytes = 1024 * 1024, .values = 10000});
    const Value error = document.root().find("error");
    if (error.isString())
        return textOf(error);
    const Value holder = error.isObject() ? error : document.root();
    return holder.isObject() ? textOf(holder.find("message")) : QString::fromUtf8(raw);
}

/// `{message, type, param, code}`, at the top (older vLLM) or inside `error`.
Complaint readErrorObject(const Value &object)
{
    Complaint complaint{.message = textOf(object.find("message")), .param = object.find("param").string()};
    takeCode(object.find("code"), complaint);
    if (complaint.reason.isEmpty())
        complaint.reason = object.find("type").string();
    const QString words = readProvidersWords(object.find("metadata"));
    if (!words.isEmpty())
        complaint.message =
            complaint.message.isEmpty() ? words : complaint.message + QLatin1String(": ") + words;
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
    const bool hasWord =
        complaint.reason == contextLengthExceeded || complaint.reason == "exceed_context_size_error";
    if (!hasWord && speaksOfContextLength(complaint.message))
        complaint.reason = contextLengthExceeded;
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
