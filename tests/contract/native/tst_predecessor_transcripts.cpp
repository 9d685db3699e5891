// SPDX-License-Identifier: GPL-3.0-or-later
#include "contract/recording.h"
#include "dialects/gemma/answer_encoder.h"
#include "dialects/gemma/socket_messages.h"
#include "dialects/native/answer_encoder.h"
#include "dialects/native/socket_messages.h"
#include "dialects/ollama/embeddings.h"
#include "dialects/ollama/request_encoder.h"
#include "dialects/openai/answer_encoder.h"
#include "dialects/openai/embeddings.h"
#include "dialects/openai/error_body.h"
#include "dialects/openai/request_encoder.h"

#include <QDir>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;

/// What the clients of the predecessors say and read (contract §§ 1 and 2), both written by hand after the
/// contract. `requests/*.json`: what a client sends; `.expected`: what upstreams are asked, or the refusal.
/// `answers/*`: what an upstream sends; `.expected`: what clients read of it, a section for each kind of
/// client.
class TestPredecessorTranscripts : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void request_data();
    void request();
    void answer_data();
    void answer();
    void everyCut_data();
    void everyCut();

private:
    QDir m_requests{QStringLiteral(RECORDINGS "/requests")};
    QDir m_answers{QStringLiteral(RECORDINGS "/answers")};
};

namespace {

QJsonObject object(const QByteArray &json)
{
    return QJsonDocument::fromJson(json).object();
}

/// What becomes of a request, in the shape of the expectations.
QJsonObject outcome(const ChatRequest &request, const QJsonObject &expected)
{
    QJsonObject outcome{{QStringLiteral("upstream"), object(openai::encodeRequest(request, "served"))}};
    if (!request.routeKey.isEmpty())
        outcome.insert(u"route", QString::fromUtf8(request.routeKey));
    if (expected.contains(u"ollama"))
        outcome.insert(u"ollama", object(ollama::encodeRequest(request, "served").value_or(QByteArray())));
    return outcome;
}

QJsonObject outcome(const native::ChatBody &body, const QJsonObject &expected)
{
    QJsonObject shown = outcome(body.request, expected);
    shown.insert(u"form", body.form == native::ChatForm::Message ? QStringLiteral("message")
                                                                 : QStringLiteral("messages"));
    shown.insert(u"session_id", QString::fromUtf8(body.sessionId));
    return shown;
}

QJsonObject outcome(const gemma::ChatMessage &chat, const QJsonObject &expected)
{
    QJsonObject shown = outcome(chat.request, expected);
    shown.insert(u"session_id", QString::fromUtf8(chat.sessionId));
    return shown;
}

QJsonObject outcome(const openai::EmbeddingsBody &body, const QJsonObject &expected)
{
    QJsonObject shown = outcome(body.request, expected);
    shown.insert(u"format", body.format == openai::VectorFormat::Base64 ? QStringLiteral("base64")
                                                                        : QStringLiteral("float"));
    return shown;
}

QJsonObject outcome(const native::CancelMessage &, const QJsonObject &)
{
    return {{QStringLiteral("command"), QStringLiteral("cancel")}};
}

QJsonObject outcome(const native::PingMessage &, const QJsonObject &)
{
    return {{QStringLiteral("command"), QStringLiteral("ping")}};
}

template <typename... Messages>
QJsonObject outcome(const std::variant<Messages...> &message, const QJsonObject &expected)
{
    return std::visit([&expected](const auto &each) { return outcome(each, expected); }, message);
}

template <typename Decoded>
QJsonObject outcome(const Result<Decoded> &decoded, const QJsonObject &expected, const QByteArray &refusal)
{
    if (decoded)
        return outcome(*decoded, expected);
    return {{QStringLiteral("refused"), object(refusal)}};
}

QByteArray refusalOf(const Error &error)
{
    return openai::encodeError(error, openai::ErrorForm::WithDetail);
}

/// The file's name says where the client sends it.
QJsonObject decodeRequest(const QString &file, const QByteArray &body, const QJsonObject &expected)
{
    const auto show = [&expected](const auto &decoded, const auto &encodeRefusal) {
        return outcome(decoded, expected, decoded ? QByteArray() : encodeRefusal(decoded.error()));
    };
    if (file.startsWith(QLatin1String("http_")))
        return show(native::decodeChatBody(body), refusalOf);
    if (file.startsWith(QLatin1String("embeddings_")))
        return show(openai::decodeEmbeddingsRequest(body), refusalOf);
    if (file.startsWith(QLatin1String("gemma_")))
        return show(gemma::decodeSocketMessage(body),
                    [](const Error &error) { return gemma::encodeError("s-1", error); });
    return show(native::decodeSocketMessage(body), native::encodeSocketError);
}

enum class Reads { ToTheEnd, CancelsAfterTheFirstToken };
enum class Lines { AsTheyCome, OneAMessage };

/// What a client reads of an answer.
template <typename Encoder>
QByteArray read(Encoder encoder, const QList<ChatEvent> &events, Lines lines = Lines::AsTheyCome,
                Reads reads = Reads::ToTheEnd)
{
    QByteArray told;
    const auto tell = [&told, lines](const QByteArray &bytes) {
        told += bytes;
        if (!bytes.isEmpty() && lines == Lines::OneAMessage)
            told += '\n';
    };
    for (const ChatEvent &event : events) {
        tell(encoder.encode(event));
        if (reads == Reads::CancelsAfterTheFirstToken && !told.isEmpty()) {
            tell(encoder.encode(ChoiceFinished{.reason = FinishReason::Cancelled}));
            tell(encoder.encode(AnswerCompleted{}));
            return told;
        }
    }
    return told;
}

std::chrono::milliseconds latency()
{
    return std::chrono::milliseconds(42);
}

native::AnswerEncoder nativeEncoder(native::Framing framing)
{
    return native::AnswerEncoder(
        {.id = "chat-1", .model = "caller/name", .framing = framing, .latency = latency});
}

gemma::AnswerEncoder gemmaEncoder(bool stream)
{
    return gemma::AnswerEncoder(
        {.id = "chat-1", .sessionId = "s-1", .model = "caller/name", .stream = stream, .latency = latency});
}

openai::AnswerEncoder openAiEncoder(bool stream)
{
    return openai::AnswerEncoder(
        {.id = "chatcmpl-1", .created = 1700000000, .model = "caller/name", .stream = stream});
}

/// What the client of a section reads.
QByteArray readAs(const QByteArray &section, const QList<ChatEvent> &events)
{
    using native::Framing;
    if (section == "POST /api/chat with messages")
        return read(nativeEncoder(Framing::Folded), events, Lines::OneAMessage);
    if (section == "POST /api/chat with messages and stream")
        return read(nativeEncoder(Framing::Events), events);
    if (section == "/ws/chat, /websockets/chat/{session_id}")
        return read(nativeEncoder(Framing::Texts), events, Lines::OneAMessage);
    if (section == "/ws/chat, cancelled after the first token")
        return read(nativeEncoder(Framing::Texts), events, Lines::OneAMessage,
                    Reads::CancelsAfterTheFirstToken);
    if (section == "/ws")
        return read(gemmaEncoder(true), events, Lines::OneAMessage);
    if (section == "/ws without stream")
        return read(gemmaEncoder(false), events, Lines::OneAMessage);
    if (section == "/ws, cancelled after the first token")
        return read(gemmaEncoder(true), events, Lines::OneAMessage, Reads::CancelsAfterTheFirstToken);
    if (section == "POST /api/chat with message")
        return read(openAiEncoder(false), events, Lines::OneAMessage);
    if (section == "POST /api/chat/stream")
        return read(openAiEncoder(true), events);
    if (section == "POST /api/embeddings")
        return read(openai::EmbeddingsEncoder(openai::VectorFormat::Float), events, Lines::OneAMessage);
    if (section == "POST /v1/embeddings with base64")
        return read(openai::EmbeddingsEncoder(openai::VectorFormat::Base64), events, Lines::OneAMessage);
    return "there is no such section\n";
}

QList<ChatEvent> decodeAnswer(const QString &file, const QByteArrayList &pieces)
{
    constexpr qsizetype vectors = 2;
    if (!file.startsWith(QLatin1String("embeddings_")))
        return test::decode(file, pieces, file.startsWith(QLatin1String("two_choices")) ? 2 : 1);
    const auto decode =
        file.contains(QLatin1String("ollama")) ? &ollama::decodeEmbeddings : &openai::decodeEmbeddings;
    QList<ChatEvent> events;
    test::appendAll(events, decode(pieces.join(), vectors));
    return events;
}

/// All sections that the expectation has, as they come out.
QByteArray transcript(const QByteArray &expected, const QList<ChatEvent> &events)
{
    QByteArray text;
    for (const QByteArray &line : expected.split('\n')) {
        if (line.startsWith("== "))
            text += line + '\n' + readAs(line.mid(3), events);
    }
    return text;
}

void listFiles(const QDir &folder, const QStringList &patterns, int atLeast)
{
    QTest::addColumn<QString>("file");
    const QStringList files = folder.entryList(patterns);
    QVERIFY(files.size() >= atLeast);
    for (const QString &file : files)
        QTest::newRow(qPrintable(file)) << file;
}

} // namespace

void TestPredecessorTranscripts::request_data()
{
    listFiles(m_requests, {QStringLiteral("*.json")}, 18);
}

void TestPredecessorTranscripts::request()
{
    QFETCH(const QString, file);
    const QJsonObject expected =
        object(test::readFile(m_requests.filePath(file + QStringLiteral(".expected"))));
    QVERIFY(!expected.isEmpty());
    const QJsonObject actual = decodeRequest(file, test::readFile(m_requests.filePath(file)), expected);
    QCOMPARE(QJsonDocument(actual).toJson(), QJsonDocument(expected).toJson());
}

void TestPredecessorTranscripts::answer_data()
{
    listFiles(m_answers, {QStringLiteral("*.sse"), QStringLiteral("*.json"), QStringLiteral("*.ndjson")}, 7);
}

void TestPredecessorTranscripts::answer()
{
    QFETCH(const QString, file);
    const QByteArray expected = test::readFile(m_answers.filePath(file + QStringLiteral(".expected")));
    QVERIFY(expected.startsWith("== "));
    const QList<ChatEvent> events = decodeAnswer(file, {test::readFile(m_answers.filePath(file))});
    const QByteArrayList actualLines = transcript(expected, events).split('\n');
    const QByteArrayList expectedLines = expected.split('\n');
    for (qsizetype i = 0; i < qMin(actualLines.size(), expectedLines.size()); ++i)
        QCOMPARE(actualLines.at(i), expectedLines.at(i));
    QCOMPARE(actualLines.size(), expectedLines.size());
}

void TestPredecessorTranscripts::everyCut_data()
{
    listFiles(m_answers, {QStringLiteral("*.sse"), QStringLiteral("*.ndjson")}, 4);
}

/// Wherever the network cuts the upstream's bytes, clients read the same.
void TestPredecessorTranscripts::everyCut()
{
    QFETCH(const QString, file);
    const QByteArray upstream = test::readFile(m_answers.filePath(file));
    const QByteArray expected = test::readFile(m_answers.filePath(file + QStringLiteral(".expected")));
    for (qsizetype at = 1; at < upstream.size(); ++at)
        QCOMPARE(transcript(expected, decodeAnswer(file, {upstream.left(at), upstream.mid(at)})), expected);
}

QTEST_GUILESS_MAIN(TestPredecessorTranscripts)
#include "tst_predecessor_transcripts.moc"
