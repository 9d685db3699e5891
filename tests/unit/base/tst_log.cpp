// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log_writer.h"
#include "base/qt_message_log.h"

#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr WallTime noon{1'769'860'800'123ms}; // 2026-01-31T12:00:00.123Z

class FixedClock final : public Clock
{
public:
    MonotonicTime now() const override { return {}; }
    WallTime wallNow() const override { return noon; }
};

QByteArray format(LogFormat how, LogLevel level, const char *event,
                  std::initializer_list<LogField> fields = {})
{
    QByteArray out;
    appendLogLine(out, how, {noon, level, event, {fields.begin(), fields.size()}});
    return out;
}

/// A pipe whose reading end is read only when asked to.
class Pipe
{
public:
    Pipe()
    {
        if (::pipe2(m_ends.data(), O_CLOEXEC) != 0)
            qFatal("pipe2 failed");
        ::fcntl(m_ends[0], F_SETFL, O_NONBLOCK);
    }
    ~Pipe()
    {
        closeReader();
        closeWriter();
    }
    void closeReader() { closeEnd(0); }
    void closeWriter() { closeEnd(1); }
    int writer() const { return m_ends[1]; }

    /// The next line, waited for; empty if none comes in 10 s.
    QByteArray readLine()
    {
        QElapsedTimer elapsed;
        elapsed.start();
        while (!m_buffer.contains('\n') && elapsed.elapsed() < 10'000) {
            pollfd ready{m_ends[0], POLLIN, 0};
            ::poll(&ready, 1, 100);
            std::array<char, 65536> bytes;
            const ssize_t count = ::read(m_ends[0], bytes.data(), bytes.size());
            if (count > 0)
                m_buffer.append(bytes.data(), count);
        }
        const qsizetype end = m_buffer.indexOf('\n') + 1;
        const QByteArray line = m_buffer.first(end);
        m_buffer.remove(0, end);
        return line;
    }
    QList<QByteArray> readLines(int count)
    {
        QList<QByteArray> all;
        while (all.size() < count)
            all.append(readLine());
        return all;
    }

private:
    void closeEnd(int which)
    {
        if (m_ends[which] >= 0)
            ::close(m_ends[which]);
        m_ends[which] = -1;
    }
    std::array<int, 2> m_ends;
    QByteArray m_buffer;
};

} // namespace

class TestLog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void jsonLine();
    void textLine();
    void hostileText_data();
    void hostileText();
    void everyByteIsOneValidLine();
    void longTextIsCutBetweenCharacters();
    void numbers();
    void levels();
    void writesInOrderFromManyThreads();
    void neverBlocksAndTellsWhatItDropped();
    void endsInBoundedTime();
    void survivesAReaderThatIsGone();
    void qtMessages();
};

void TestLog::jsonLine()
{
    QCOMPARE(
        format(LogFormat::Json, LogLevel::Info, "request",
               {{"method", QByteArray("GET")}, {"status", qint64(200)}, {"ok", true}, {"seconds", 0.25}}),
        "{\"ts\":\"2026-01-31T12:00:00.123Z\",\"level\":\"info\",\"event\":\"request\",\"method\":\"GET\","
        "\"status\":200,\"ok\":true,\"seconds\":0.25}\n");
    QCOMPARE(format(LogFormat::Json, LogLevel::Error, "x"),
             "{\"ts\":\"2026-01-31T12:00:00.123Z\",\"level\":\"error\",\"event\":\"x\"}\n");
}

void TestLog::textLine()
{
    QCOMPARE(
        format(LogFormat::Text, LogLevel::Warning, "route down",
               {{"route", QByteArray("box")}, {"reason", QByteArray("no answer")}, {"empty", QByteArray()}}),
        "2026-01-31T12:00:00.123Z WARN  route down route=box reason=\"no answer\" empty=\"\"\n");
    const QByteArray coloured = format(LogFormat::ColouredText, LogLevel::Error, "x", {{"a", qint64(1)}});
    QVERIFY(coloured.contains("\x1b[31mERROR \x1b[0m"));
    QVERIFY(!format(LogFormat::Text, LogLevel::Error, "x").contains('\x1b'));
}

void TestLog::hostileText_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("expected");
    const QChar bad(0xfffd);
    QTest::newRow("quotes") << QByteArray("\"\\/") << QStringLiteral("\"\\/");
    QTest::newRow("forged line") << QByteArray("a\r\n{\"level\":\"info\"}")
                                 << QStringLiteral("a\r\n{\"level\":\"info\"}");
    QTest::newRow("controls") << QByteArray("\0\x1b[2J\x7f", 6) << QString::fromLatin1("\0\x1b[2J\x7f", 6);
    QTest::newRow("UTF-8") << QByteArray("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80")
                           << QString::fromUtf8("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
    QTest::newRow("lone byte") << QByteArray("a\xff") << QStringLiteral("a") + bad;
    QTest::newRow("cut sequence") << QByteArray("a\xe2\x82") << QStringLiteral("a") + bad + bad;
    QTest::newRow("overlong") << QByteArray("\xc0\xaf") << QString(2, bad);
    QTest::newRow("surrogate") << QByteArray("\xed\xa0\x80") << QString(3, bad);
    QTest::newRow("too large") << QByteArray("\xf4\x90\x80\x80") << QString(4, bad);
    QTest::newRow("C1 control") << QByteArray("\xc2\x9b"
                                              "2J")
                                << bad + QStringLiteral("2J");
}

void TestLog::hostileText()
{
    QFETCH(QByteArray, text);
    const QByteArray line = format(LogFormat::Json, LogLevel::Info, "x", {{"text", text}});
    QCOMPARE(line.count('\n'), 1);
    QTEST(QJsonDocument::fromJson(line).object().value(QStringLiteral("text")).toString(), "expected");
}

void TestLog::everyByteIsOneValidLine()
{
    QByteArray all;
    for (int byte = 0; byte < 256; ++byte)
        all.append(static_cast<char>(byte));
    for (const LogFormat how : {LogFormat::Json, LogFormat::Text}) {
        const QByteArray line = format(how, LogLevel::Info, "x", {{"text", all}});
        QCOMPARE(line.indexOf('\n'), line.size() - 1);
        QVERIFY(line.isValidUtf8());
        QVERIFY(std::none_of(line.begin(), line.end() - 1,
                             [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }));
    }
}

void TestLog::longTextIsCutBetweenCharacters()
{
    for (int shift = 0; shift < 4; ++shift) {
        const QByteArray text = QByteArray(shift, 'a') + QByteArray("\xf0\x9f\x98\x80").repeated(2000);
        const QByteArray line = format(LogFormat::Json, LogLevel::Info, "x", {{"text", text}});
        QVERIFY(line.size() < 2300);
        const QString back = QJsonDocument::fromJson(line).object().value(QStringLiteral("text")).toString();
        QVERIFY(back.endsWith(QChar(0x2026)));
        QVERIFY(!back.contains(QChar(0xfffd)));
        QVERIFY(back.toUtf8().size() > 2040);
        QVERIFY(QString::fromUtf8(text).startsWith(back.chopped(1)));
    }
    const QByteArray exact(2048, 'a');
    QVERIFY(format(LogFormat::Json, LogLevel::Info, "x", {{"text", exact}}).contains("\"" + exact + "\""));
}

void TestLog::numbers()
{
    const QByteArray line = format(LogFormat::Json, LogLevel::Info, "x",
                                   {{"min", std::numeric_limits<qint64>::min()},
                                    {"nan", std::numeric_limits<double>::quiet_NaN()},
                                    {"infinite", std::numeric_limits<double>::infinity()},
                                    {"tiny", 1e-300}});
    const QJsonObject back = QJsonDocument::fromJson(line).object();
    QVERIFY(line.contains("-9223372036854775808"));
    QVERIFY(back.value(QStringLiteral("nan")).isNull());
    QVERIFY(back.value(QStringLiteral("infinite")).isNull());
    QCOMPARE(back.value(QStringLiteral("tiny")).toDouble(), 1e-300);
}

void TestLog::levels()
{
    Pipe pipe;
    const FixedClock clock;
    {
        LogWriter log({.descriptor = pipe.writer(), .level = LogLevel::Warning}, clock);
        log.info("hidden");
        log.warning("shown");
        log.setLevel(LogLevel::Debug);
        QCOMPARE(log.level(), LogLevel::Debug);
        log.debug("shown");
    }
    const QList<QByteArray> all = pipe.readLines(2);
    QVERIFY(all[0].contains("warning") && all[0].contains("shown"));
    QVERIFY(all[1].contains("debug") && all[1].contains("shown"));
}

void TestLog::writesInOrderFromManyThreads()
{
    Pipe pipe;
    const FixedClock clock;
    constexpr int each = 2000;
    QList<QByteArray> all;
    {
        LogWriter log({.descriptor = pipe.writer()}, clock);
        std::vector<std::thread> writers;
        for (qint64 t = 0; t < 4; ++t) {
            writers.emplace_back([&log, t] {
                for (qint64 i = 0; i < each; ++i)
                    log.info("line", {{"thread", t}, {"n", i}});
            });
        }
        all = pipe.readLines(4 * each);
        for (std::thread &writer : writers)
            writer.join();
    }
    std::array<int, 4> next = {};
    for (const QByteArray &line : all) {
        const QJsonObject object = QJsonDocument::fromJson(line).object();
        const int thread = object.value(QStringLiteral("thread")).toInt(-1);
        QVERIFY(thread >= 0);
        QCOMPARE(object.value(QStringLiteral("n")).toInt(-1), next.at(thread)++);
    }
    QCOMPARE(next, (std::array<int, 4>{each, each, each, each}));
}

void TestLog::neverBlocksAndTellsWhatItDropped()
{
    Pipe pipe; // Nobody reads: 64 KiB fit, then the writer's thread hangs.
    const FixedClock clock;
    LogWriter log({.descriptor = pipe.writer(), .maxQueueBytes = 100'000}, clock);
    QElapsedTimer elapsed;
    elapsed.start();
    constexpr int count = 20'000;
    for (qint64 i = 0; i < count; ++i)
        log.info("line", {{"n", i}});
    QVERIFY2(elapsed.elapsed() < 3000, QByteArray::number(elapsed.elapsed()).constData());

    qint64 written = 0;
    qint64 dropped = 0;
    qint64 next = 0;
    const auto take = [&](const QByteArray &line) {
        const QJsonObject object = QJsonDocument::fromJson(line).object();
        if (object.value(QStringLiteral("event")) == QStringLiteral("log lines dropped")) {
            dropped += object.value(QStringLiteral("count")).toInteger();
            next += object.value(QStringLiteral("count")).toInteger();
            return object.value(QStringLiteral("level")) == QStringLiteral("warning");
        }
        ++written;
        return object.value(QStringLiteral("n")).toInteger(-1) == next++;
    };
    while (written + dropped < count) { // Each number is told where the lines are missing.
        const QByteArray line = pipe.readLine();
        QVERIFY2(take(line), line.constData());
    }
    QVERIFY(dropped > 0);
    QCOMPARE(written + dropped, count);

    log.info("after");
    QVERIFY(pipe.readLine().contains("after"));
}

void TestLog::endsInBoundedTime()
{
    Pipe pipe;
    const FixedClock clock;
    QElapsedTimer elapsed;
    {
        LogWriter log({.descriptor = pipe.writer()}, clock);
        const QByteArray text(1000, 'a');
        for (int i = 0; i < 1000; ++i)
            log.info("stuck", {{"text", text}});
        elapsed.start();
    }
    QVERIFY(elapsed.elapsed() >= 900 && elapsed.elapsed() < 4000);
    // The thread still hangs in its write; reading lets it end before the pipe goes.
    pipe.readLines(1000);

    Pipe flowing;
    {
        LogWriter log({.descriptor = flowing.writer()}, clock);
        log.info("last words");
        elapsed.start();
    }
    QVERIFY(elapsed.elapsed() < 900);
    QVERIFY(flowing.readLine().contains("last words"));
}

void TestLog::survivesAReaderThatIsGone()
{
    Pipe pipe;
    pipe.closeReader();
    const FixedClock clock;
    LogWriter log({.descriptor = pipe.writer()}, clock);
    log.info("to nobody"); // SIGPIPE would end the test here.
    QTest::qWait(20);
    log.info("to nobody");
}

void TestLog::qtMessages()
{
    struct Collected final : Log
    {
        void write(LogLevel level, const char *event, std::span<const LogField> fields) override
        {
            qWarning("a log that warns by itself"); // Must not come round again.
            lines.append(QByteArray(logLevelName(level)) + ' ' + event + ' ' +
                         std::get<QByteArray>(fields[0].value) + ' ' + std::get<QByteArray>(fields[1].value));
        }
        QList<QByteArray> lines;
    } collected;
    {
        const QtMessageLog redirect(collected);
        qWarning("plain %d", 1);
        qInfo("gr\xc3\xbc\xc3\x9f");
        QMessageLogger(nullptr, 0, nullptr, "qt.some.category").critical("bad");
        std::thread([] { qDebug("from a thread"); }).join();
    }
    QTest::ignoreMessage(QtWarningMsg, "after");
    qWarning("after");
    QCOMPARE(collected.lines,
             (QList<QByteArray>{"warning qt default plain 1", "info qt default gr\xc3\xbc\xc3\x9f",
                                "error qt qt.some.category bad", "debug qt default from a thread"}));
}

QTEST_GUILESS_MAIN(TestLog)
#include "tst_log.moc"
