// SPDX-License-Identifier: GPL-3.0-or-later
#include "contract/recording.h"
#include "dialects/openai/answer_encoder.h"
#include "unit/dialects/event_text.h"

#include <QDir>
#include <QTest>

using namespace gatehouse;
using test::decode;
using test::decodeSse;
using test::readFile;

/// What upstreams of several makes send (`transcripts/*.sse`, `.json`, `.ndjson`, written after their
/// published formats), and what must become of it (`.expected`): the events, the stream that a caller gets,
/// and the body that a caller gets who did not ask for a stream. The file's name says how the answer is
/// encoded. After a wanted change, GATEHOUSE_ACCEPT=1 writes the expectations anew, to be read before they
/// are kept.
class TestTranscripts : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void transcript_data();
    void transcript();
    void everyCut_data() { transcript_data(); }
    void everyCut();
    void callerReadsTheSame_data() { transcript_data(); }
    void callerReadsTheSame();

private:
    QDir m_folder{QStringLiteral(TRANSCRIPTS)};
};

/// What the file's name says of the request that was answered.
static openai::AnswerHead headFor(const QString &file, bool stream)
{
    const bool isCompletion = file.contains(QLatin1String("completion"));
    return {.id = isCompletion ? "cmpl-1" : "chatcmpl-1",
            .created = 1700000000,
            .model = "caller/name",
            .kind = isCompletion ? openai::AnswerKind::Completion : openai::AnswerKind::Chat,
            .stream = stream,
            .includeUsage = !file.contains(QLatin1String("openrouter"))};
}

static QByteArray encode(const QList<ChatEvent> &events, const openai::AnswerHead &head)
{
    openai::AnswerEncoder encoder(head);
    QByteArray bytes;
    for (const ChatEvent &event : events)
        bytes += encoder.encode(event);
    return bytes;
}

static int choicesOf(const QString &file)
{
    return file.startsWith(QLatin1String("openai_two")) ? 2 : 1;
}

void TestTranscripts::initTestCase()
{
    QVERIFY(m_folder.exists());
}

void TestTranscripts::transcript_data()
{
    QTest::addColumn<QString>("file");
    const QStringList files =
        m_folder.entryList({QStringLiteral("*.sse"), QStringLiteral("*.json"), QStringLiteral("*.ndjson")});
    QVERIFY(files.size() > 30);
    for (const QString &file : files)
        QTest::newRow(qPrintable(file)) << file;
}

void TestTranscripts::transcript()
{
    QFETCH(const QString, file);
    const QByteArray upstream = readFile(m_folder.filePath(file));
    QVERIFY(!upstream.isEmpty());
    const QList<ChatEvent> events = decode(file, {upstream}, choicesOf(file));
    const QByteArray actual = "== events\n" + test::describe(events) + "== stream\n" +
                              encode(events, headFor(file, true)) + "== body\n" +
                              encode(events, headFor(file, false)) + '\n';
    const QString expectation = m_folder.filePath(file + QStringLiteral(".expected"));
    if (qEnvironmentVariableIsSet("GATEHOUSE_ACCEPT")) {
        QFile out(expectation);
        QVERIFY(out.open(QIODevice::WriteOnly) && out.write(actual) == actual.size());
        QSKIP("written anew");
    }
    const QByteArrayList actualLines = actual.split('\n');
    const QByteArrayList expectedLines = readFile(expectation).split('\n');
    for (qsizetype i = 0; i < qMin(actualLines.size(), expectedLines.size()); ++i)
        QCOMPARE(actualLines.at(i), expectedLines.at(i));
    QCOMPARE(actualLines.size(), expectedLines.size());
}

/// The payloads or lines that the decoders of events are fed with.
static QByteArrayList payloads(const QString &file, const QByteArrayList &pieces)
{
    sse::SseDecoder sse;
    sse::LineSplitter lines(sse::LineSplitter::Ends::Lf);
    QByteArrayList told;
    for (const QByteArray &piece : pieces) {
        if (file.endsWith(QLatin1String(".sse"))) {
            sse.append(piece);
            while (const auto event = sse.next())
                told.append(event->data.toByteArray());
        } else {
            lines.append(piece);
            while (const auto line = lines.next())
                told.append(line->toByteArray());
        }
    }
    return told;
}

/// Wherever the network cuts the upstream's bytes, the same comes out.
void TestTranscripts::everyCut()
{
    QFETCH(const QString, file);
    const QByteArray upstream = readFile(m_folder.filePath(file));
    const QByteArrayList expected = payloads(file, {upstream});
    for (qsizetype at = 1; at < upstream.size(); ++at)
        QCOMPARE(payloads(file, {upstream.left(at), upstream.mid(at)}), expected);
    QByteArrayList bytes;
    for (const char byte : upstream)
        bytes.append(QByteArray(1, byte));
    QCOMPARE(test::describe(decode(file, bytes, choicesOf(file))),
             test::describe(decode(file, {upstream}, choicesOf(file))));
}

/// What only the upstream's side knows, or goes to the caller in other words.
static QByteArray comparable(const QList<ChatEvent> &events, bool withUsage)
{
    QByteArray text;
    for (const ChatEvent &event : events) {
        const bool isUsage = std::holds_alternative<UsageReported>(event);
        if (std::holds_alternative<AnswerFailed>(event))
            text += "failed\n";
        else if (!std::holds_alternative<AnswerStarted>(event) && (withUsage || !isUsage))
            text += std::visit(test::EventText{}, event) + '\n';
    }
    return text;
}

/// A caller is such a reader as Gatehouse is: its own stream, read by its own decoder, gives the events
/// again.
void TestTranscripts::callerReadsTheSame()
{
    QFETCH(const QString, file);
    const QList<ChatEvent> events = decode(file, {readFile(m_folder.filePath(file))}, choicesOf(file));
    const openai::AnswerHead head = headFor(file, true);
    const QList<ChatEvent> again = decodeSse({encode(events, head)}, choicesOf(file));
    QCOMPARE(comparable(again, head.includeUsage), comparable(events, head.includeUsage));
}

QTEST_GUILESS_MAIN(TestTranscripts)
#include "tst_transcripts.moc"
