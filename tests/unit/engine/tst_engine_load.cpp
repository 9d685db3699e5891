// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/engine.h"
#include "fakes/tiny_gguf.h"
#include "unit/engine/answer_reader.h"
#include "unit/engine/gguf_writer.h"
#include "unit/engine/recording_log.h"
#include "unit/engine/requests.h"

#include <QElapsedTimer>
#include <QEventLoop>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

/// How long this thread could have run, but the kernel gave all processors to others: no fault of ours. Zero
/// where the kernel does not tell (Documentation/scheduler/sched-stats.rst).
std::chrono::nanoseconds waitedForAProcessor()
{
    QFile file(QStringLiteral("/proc/thread-self/schedstat"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return std::chrono::nanoseconds(file.readAll().split(' ').value(1).toLongLong());
}

} // namespace

/// Loading: what can go wrong with a file, and that nothing stands still meanwhile.
class TestEngineLoad : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        m_tiny = fakes::makeTinyGguf({});
    }

    void loadsAFile()
    {
        Engine engine({.name = "file", .path = write("good.gguf", m_tiny)}, m_log);
        engine.load();
        AnswerReader reader(engine.open(ask("Hi", 3))); // waits for the model
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QVERIFY(reader.isCompleted);
        QCOMPARE(engine.status().state, EngineState::Ready);
        QCOMPARE(engine.status().loaded, 1.0);
    }

    void aRequestMayComeBeforeLoad()
    {
        Engine engine({.name = "early", .path = {}, .bytes = m_tiny}, m_log);
        AnswerReader reader(engine.open(ask("Hi", 3)));
        engine.load();
        engine.load(); // once only
        QTRY_VERIFY_WITH_TIMEOUT(reader.isCompleted, patience);
    }

    void takesAContextLength()
    {
        Engine engine({.name = "short", .path = {}, .bytes = m_tiny, .contextLength = 128}, m_log);
        engine.load();
        QTRY_COMPARE_WITH_TIMEOUT(engine.status().state, EngineState::Ready, patience);
        QCOMPARE(engine.status().contextLength, 128);
        AnswerReader reader(engine.open(goOn(QByteArray(128, 'x'), 3)));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        QCOMPARE(reader.error->reason, QByteArray("context_length_exceeded"));
    }

    void tellsWhyAFileIsNoModel_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("reason");
        QTest::newRow("missing") << m_folder.filePath(QStringLiteral("none.gguf")) << "No such file";
        QTest::newRow("no path") << QString() << "No such file";
        QTest::newRow("folder") << m_folder.path() << "not a regular file";
        QTest::newRow("device") << QStringLiteral("/dev/zero") << "not a regular file";
        QTest::newRow("empty") << write("empty.gguf", {}) << "empty.gguf: it ends too early";
        QTest::newRow("text") << write("text.gguf", "GGML is not GGUF") << "not a GGUF file";
        QTest::newRow("garbage") << write("garbage.gguf", "GGUF" + QByteArray(1000, '\xA5')) << "version";
        QTest::newRow("magic only") << write("magic.gguf", "GGUF") << "magic.gguf: it ends too early";
        QTest::newRow("half the header")
            << write("header.gguf", m_tiny.first(2000)) << "header.gguf: tokenizer.ggml.tokens has no room";
        QTest::newRow("half the weights")
            << write("half.gguf", m_tiny.first(m_tiny.size() / 2)) << "corrupted or incomplete";
        GgufWriter first;
        first.addPair("split.no", GgufWriter::Uint16, GgufWriter::number<quint16>(0));
        first.addPair("split.count", GgufWriter::Uint16, GgufWriter::number<quint16>(2));
        (void)write("torn-00002-of-00002.gguf", m_tiny.first(3));
        QTest::newRow("a bad second file") << write("torn-00001-of-00002.gguf", first.write())
                                           << "torn-00002-of-00002.gguf: it ends too early";
        QTest::newRow("no second file")
            << write("lone-00001-of-00002.gguf", first.write()) << "lone-00002-of-00002.gguf: No such file";
        QTest::newRow("another architecture")
            << write("other.gguf", QByteArray(m_tiny).replace("llama", "lmaal"))
            << "unknown model architecture";
    }

    void tellsWhyAFileIsNoModel()
    {
        QFETCH(QString, path);
        QFETCH(QString, reason);
        RecordingLog log;
        Engine engine({.name = "bad", .path = path}, log);
        AnswerReader waiting(engine.open(ask("Hi")));
        engine.load();
        QTRY_COMPARE_WITH_TIMEOUT(engine.status().state, EngineState::Failed, patience);
        QVERIFY2(engine.status().error->detail.contains(reason), qPrintable(engine.status().error->detail));
        QVERIFY(log.events().contains("model not loaded"));
        QTRY_VERIFY_WITH_TIMEOUT(waiting.isDone(), patience);
        AnswerReader late(engine.open(ask("Hi")));
        QVERIFY(!late.isDone()); // no event before open() has returned
        QTRY_VERIFY_WITH_TIMEOUT(late.isDone(), patience);
        for (const AnswerReader *reader : {&waiting, &late}) {
            QCOMPARE(reader->error->code, ErrorCode::UpstreamUnreachable);
            QVERIFY(!reader->error->message.contains(m_folder.path())); // callers learn no paths
        }
    }

    void loopKeepsTickingWhileAModelLoads()
    {
        const QByteArray big = fakes::makeTinyGguf({.width = 384, .layers = 8});
        std::chrono::nanoseconds best = 1h; // of three: the machine may stop us in other ways
        for (int attempt = 0; attempt < 3 && best >= 20ms * slowness; ++attempt)
            best = std::min(best, longestGapWhileLoading(big));
        qInfo("longest gap: %.1f ms", static_cast<double>(best.count()) / 1e6);
        QVERIFY(best < 20ms * slowness);
    }

    void anEngineMayGoWhileItLoads()
    {
        const QString path = write("big2.gguf", fakes::makeTinyGguf({.width = 384, .layers = 8}));
        for (int i = 0; i < 5; ++i) {
            auto engine = std::make_unique<Engine>(EngineOptions{.name = "gone", .path = path}, m_log);
            engine->load();
            AnswerReader reader(engine->open(ask("Hi")));
            QTest::qWait(i * 10);
            engine.reset();
            QTRY_VERIFY_WITH_TIMEOUT(reader.isDone() || i >= 3, patience); // a fast machine may have answered
        }
    }

private:
    QString write(const char *name, const QByteArray &bytes)
    {
        const QString path = m_folder.filePath(QString::fromLatin1(name));
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
            qFatal("cannot write %s", name);
        return path;
    }

    std::chrono::nanoseconds longestGapWhileLoading(const QByteArray &bytes)
    {
        QTimer timer;
        timer.setTimerType(Qt::PreciseTimer);
        QElapsedTimer sinceTick;
        std::chrono::nanoseconds longest{0};
        std::chrono::nanoseconds waitedBefore = waitedForAProcessor();
        int ticks = 0;
        connect(&timer, &QTimer::timeout, this, [&] {
            const auto waited = waitedForAProcessor();
            const auto gap = std::chrono::nanoseconds(sinceTick.nsecsElapsed()) - (waited - waitedBefore);
            longest = std::max(longest, gap);
            waitedBefore = waited;
            sinceTick.restart();
            ++ticks;
        });
        timer.start(1);
        sinceTick.start();
        Engine engine({.name = "big", .path = {}, .bytes = bytes}, m_log);
        QEventLoop loop; // not QTest::qWaitFor, which sleeps
        connect(&engine, &Engine::statusChanged, &loop, [&] {
            if (engine.status().state == EngineState::Ready)
                loop.quit();
        });
        engine.load();
        loop.exec();
        qInfo("loaded in %lld ms", static_cast<long long>(engine.status().loadTime.count()));
        return ticks < 5 ? 1h : longest;
    }

    QTemporaryDir m_folder;
    RecordingLog m_log;
    QByteArray m_tiny;
};

QTEST_GUILESS_MAIN(TestEngineLoad)
#include "tst_engine_load.moc"
