// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/engine.h"
#include "fakes/tiny_gguf.h"
#include "unit/engine/answer_reader.h"
#include "unit/engine/recording_log.h"
#include "unit/engine/requests.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <atomic>

using namespace gatehouse;

namespace {

qint64 residentMegabytes()
{
    QFile file(QStringLiteral("/proc/self/statm"));
    return file.open(QIODevice::ReadOnly) ? file.readAll().split(' ').value(1).toLongLong() * 4096 / 1'000'000
                                          : 0;
}

} // namespace

/// Models go and come back while requests run.
class TestEngineUnload : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        m_tiny = fakes::makeTinyGguf({.contextLength = 16384});
        m_big = fakes::makeTinyGguf({.width = 384, .layers = 8, .contextLength = 8192});
    }

    void aRequestLoadsTheModel()
    {
        Engine engine = makeEngine(m_tiny);
        QCOMPARE(engine.status().state, EngineState::Idle);
        AnswerReader first(engine.open(ask("Hi", 3)));
        QVERIFY(engine.status().state != EngineState::Idle);
        QTRY_VERIFY_WITH_TIMEOUT(first.isCompleted, patience);
        QVERIFY(engine.unload());
        QCOMPARE(engine.status().state, EngineState::Idle);
        AnswerReader again(engine.open(ask("Hi", 3)));
        QTRY_VERIFY_WITH_TIMEOUT(again.isCompleted, patience);
        QCOMPARE(again.texts, first.texts);
        QCOMPARE(engine.status().state, EngineState::Ready);
    }

    void tellsWhetherAnythingChanged()
    {
        Engine engine = makeEngine(m_tiny);
        QVERIFY(!engine.unload());
        QVERIFY(engine.load());
        QVERIFY(!engine.load());
        QTRY_COMPARE_WITH_TIMEOUT(engine.status().state, EngineState::Ready, patience);
        QVERIFY(!engine.load());
        QVERIFY(engine.unload());
        QVERIFY(!engine.unload());
        QVERIFY(engine.load());
        QTRY_COMPARE_WITH_TIMEOUT(engine.status().state, EngineState::Ready, patience);
        QVERIFY(m_log.events().contains("model unloaded"));
    }

    void freesTheMemory()
    {
        Engine engine = makeEngine(m_big);
        const qint64 before = residentMegabytes();
        for (int i = 0; i < 3; ++i) {
            QVERIFY(engine.load());
            QTRY_COMPARE_WITH_TIMEOUT(engine.status().state, EngineState::Ready, patience);
            AnswerReader answer(engine.open(ask("Hi", 3)));
            AnswerReader texts(engine.open(embed({QByteArray(1000, 'x')})));
            QTRY_VERIFY_WITH_TIMEOUT(answer.isCompleted && texts.isCompleted, patience);
            const qint64 loaded = residentMegabytes();
            QVERIFY(loaded - before > 50);
            QElapsedTimer timer;
            timer.start();
            QVERIFY(engine.unload());
            const qint64 called = timer.nsecsElapsed() / 1000;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // which keep what is freed
            QTRY_VERIFY_WITH_TIMEOUT(residentMegabytes() - before < (loaded - before) / 10, patience);
#endif
            qInfo(
                "%lld MB, loaded %lld MB, unloaded %lld MB; unload() took %lld µs, the memory was free after "
                "%lld ms",
                static_cast<long long>(before), static_cast<long long>(loaded),
                static_cast<long long>(residentMegabytes()), static_cast<long long>(called),
                static_cast<long long>(timer.elapsed()));
        }
    }

    void whatRunsAndWaitsFails()
    {
        Engine engine = makeEngine(m_big);
        engine.load();
        AnswerReader running(engine.open(goOn("Hi", 5'000)));
        QTRY_VERIFY_WITH_TIMEOUT(running.textDeltas > 0, patience);
        AnswerReader waiting(engine.open(goOn("Ho", 10)));
        AnswerReader texts(engine.open(embed(QList<QByteArray>(100, QByteArray(1000, 'x')))));
        QTRY_VERIFY_WITH_TIMEOUT(texts.isStarted, patience);
        QVERIFY(engine.unload());
        QTRY_VERIFY_WITH_TIMEOUT(running.isDone() && waiting.isDone() && texts.isDone(), patience);
        for (const AnswerReader *reader : {&running, &waiting, &texts}) {
            QVERIFY(reader->error);
            QCOMPARE(reader->error->code, ErrorCode::Overloaded);
            QVERIFY(std::holds_alternative<AnswerFailed>(reader->events.last())); // and nothing after it
        }
        QTest::qWait(100);
        QCOMPARE(engine.status().state, EngineState::Idle); // nobody has asked for it since
    }

    void inTheMiddleOfALongPrompt()
    {
        Engine engine = makeEngine(m_big);
        engine.load();
        AnswerReader reading(engine.open(goOn(QByteArray(8'000, 'x'), 5)));
        QTRY_VERIFY_WITH_TIMEOUT(reading.isStarted, patience);
        QElapsedTimer timer;
        timer.start();
        QVERIFY(engine.unload());
        QTRY_VERIFY_WITH_TIMEOUT(reading.isDone(), patience);
        QVERIFY(timer.elapsed() < 1000 * slowness); // the prompt would take longer by far
        QCOMPARE(reading.error->code, ErrorCode::Overloaded);
    }

    void whileItLoads()
    {
        const QString path = write("big.gguf", m_big);
        Engine engine(EngineOptions{.name = "big", .path = path}, m_log);
        for (int i = 0; i < 10; ++i) {
            QVERIFY(engine.load());
            AnswerReader waiting(engine.open(ask("Hi", 3)));
            QTest::qWait(i * 5);
            QVERIFY(engine.unload());
            QCOMPARE(engine.status().state, EngineState::Idle);
            QTRY_VERIFY_WITH_TIMEOUT(waiting.isDone(), patience);
            if (waiting.error) // else a fast machine has answered
                QCOMPARE(waiting.error->code, ErrorCode::Overloaded);
        }
        QVERIFY(!m_log.events().contains("model not loaded")); // it was called off, and is not broken
        AnswerReader last(engine.open(ask("Hi", 3)));
        QTRY_VERIFY_WITH_TIMEOUT(last.isCompleted, patience);
    }

    /// An unload that is followed by a load before the thread has noticed either.
    void inQuickSuccession()
    {
        Engine engine = makeEngine(m_tiny);
        for (int i = 0; i < 200; ++i) {
            engine.load();
            engine.unload();
        }
        engine.load();
        AnswerReader first(engine.open(ask("Hi", 3)));
        QTRY_VERIFY_WITH_TIMEOUT(first.isCompleted, patience);
        engine.unload();
        AnswerReader second(engine.open(ask("Hi", 3)));
        engine.unload();
        QTRY_VERIFY_WITH_TIMEOUT(second.isDone(), patience);
        QCOMPARE(engine.status().state, EngineState::Idle);
    }

    void aFailedModelIsTriedAgain()
    {
        const QString path = write("late.gguf", m_tiny.first(1000));
        Engine engine(EngineOptions{.name = "late", .path = path}, m_log);
        engine.load();
        QTRY_COMPARE_WITH_TIMEOUT(engine.status().state, EngineState::Failed, patience);
        AnswerReader refused(engine.open(ask("Hi", 3)));
        QTRY_VERIFY_WITH_TIMEOUT(refused.isDone(), patience);
        QCOMPARE(refused.error->code, ErrorCode::UpstreamUnreachable);
        QCOMPARE(engine.status().state, EngineState::Failed); // not with every request
        QFile::remove(path);
        (void)write("late.gguf", m_tiny);
        QVERIFY(engine.load());
        AnswerReader reader(engine.open(ask("Hi", 3)));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isCompleted, patience);
        QVERIFY(!engine.status().error);
    }

    void aFailedModelMayBeUnloaded()
    {
        Engine engine(EngineOptions{.name = "none", .path = m_folder.filePath(QStringLiteral("none"))},
                      m_log);
        engine.load();
        QTRY_COMPARE_WITH_TIMEOUT(engine.status().state, EngineState::Failed, patience);
        QVERIFY(engine.unload());
        QCOMPARE(engine.status().state, EngineState::Idle);
        QVERIFY(!engine.unload());
    }

    /// Every request gets an end, whatever order things come in, and none gets two.
    void manyThreadsCommandAndAsk()
    {
        Engine engine = makeEngine(m_tiny);
        std::atomic<bool> isOver = false;
        std::atomic<int> answered = 0;
        std::atomic<int> failed = 0;
        std::atomic<int> odd = 0;
        std::vector<std::unique_ptr<QThread>> threads;
        threads.emplace_back(QThread::create([&] {
            for (int i = 0; !isOver; ++i) {
                QThread::usleep(static_cast<unsigned long>(i % 7) * 15'000);
                i % 3 == 0 ? engine.load() : engine.unload();
                (void)engine.status();
            }
        }));
        for (int lane = 0; lane < 2; ++lane) {
            threads.emplace_back(QThread::create([&, lane] {
                for (int i = 0; i < 60; ++i) {
                    AnswerReader reader(
                        engine.open((i + lane) % 2 == 0 ? goOn("Hi", 10) : embed({"a", "b"})));
                    if (!QTest::qWaitFor([&] { return reader.isDone(); }, patience))
                        ++odd;
                    QTest::qWait(1);
                    odd += reader.isCompleted && reader.error ? 1 : 0;
                    odd += reader.error && reader.error->code != ErrorCode::Overloaded ? 1 : 0;
                    ++(reader.isCompleted ? answered : failed);
                }
            }));
        }
        for (const auto &thread : threads)
            thread->start();
        QVERIFY(threads[1]->wait(2 * patience) && threads[2]->wait(2 * patience));
        isOver = true;
        QVERIFY(threads[0]->wait(patience));
        qInfo("%d answered, %d failed", answered.load(), failed.load());
        QCOMPARE(odd, 0);
        QCOMPARE(answered + failed, 120);
        AnswerReader last(engine.open(ask("Hi", 3)));
        QTRY_VERIFY_WITH_TIMEOUT(last.isCompleted, patience);
    }

private:
    Engine makeEngine(const QByteArray &bytes)
    {
        return Engine(EngineOptions{.name = "tiny", .path = {}, .bytes = bytes}, m_log);
    }

    QString write(const char *name, const QByteArray &bytes)
    {
        const QString path = m_folder.filePath(QString::fromLatin1(name));
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
            qFatal("cannot write %s", name);
        return path;
    }

    QTemporaryDir m_folder;
    RecordingLog m_log;
    QByteArray m_tiny;
    QByteArray m_big;
};

QTEST_GUILESS_MAIN(TestEngineUnload)
#include "tst_engine_unload.moc"
