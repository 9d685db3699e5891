// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/answer_channel.h"
#include "engine/engine.h"
#include "fakes/tiny_gguf.h"
#include "unit/engine/answer_reader.h"
#include "unit/engine/recording_log.h"
#include "unit/engine/requests.h"

#include <QElapsedTimer>
#include <QSemaphore>
#include <QTest>
#include <QThread>

using namespace gatehouse;

/// Several requests, slow readers, readers that leave, and the end of the engine. The model reads 16,000
/// tokens in seconds, so that there is a long prompt to be in the middle of.
class TestEngineFlow : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        m_quickBytes = fakes::makeTinyGguf({.contextLength = 16384});
        m_slowBytes = fakes::makeTinyGguf({.width = 256, .layers = 6, .contextLength = 16384});
        m_engine = makeEngine(m_quickBytes);
        m_slowEngine = makeEngine(m_slowBytes);
        for (Engine *engine : {m_engine.get(), m_slowEngine.get()}) {
            engine->load();
            QTRY_COMPARE_WITH_TIMEOUT(engine->status().state, EngineState::Ready, patience);
        }
    }

    void cancelsInTheMiddleOfALongPrompt()
    {
        qint64 best = patience; // of three: the machine may be busy with something else
        for (int attempt = 0; attempt < 3 && best >= 50 * slowness; ++attempt)
            best = std::min(best, millisecondsToTheNextAnswer(static_cast<char>('m' + attempt)));
        qInfo("the next answer began after %lld ms", static_cast<long long>(best));
        QVERIFY(best < 50 * slowness);
    }

    void keepsWhatTheCancelledPromptHadComputed()
    {
        qint64 cached = 0;
        for (int wait = 200; cached == 0 && wait < patience / 2; wait *= 2) {
            auto busy = std::make_unique<AnswerReader>(m_slowEngine->open(longPrompt('y')));
            QTRY_VERIFY_WITH_TIMEOUT(busy->isStarted, patience);
            QTest::qWait(wait);
            busy.reset();
            AnswerReader again(m_slowEngine->open(goOn(QByteArray(600, 'y'), 1)));
            QTRY_VERIFY_WITH_TIMEOUT(again.isDone(), patience);
            cached = again.usage->cachedTokens;
        }
        QVERIFY(cached > 0);
        QVERIFY(cached < 600);
    }

    void noEventAfterCancel()
    {
        AnswerReader reader(m_engine->open(goOn("Hi", 5000)));
        QTRY_VERIFY_WITH_TIMEOUT(reader.textDeltas > 3, patience);
        reader.stream->cancel();
        const qsizetype events = reader.events.size();
        AnswerReader next(m_engine->open(goOn("Hi", 3)));
        QTRY_VERIFY_WITH_TIMEOUT(next.isCompleted, patience);
        QCOMPARE(reader.events.size(), events);
        reader.stream->cancel(); // idempotent
        reader.stream->pause();
        reader.stream->resume();
    }

    void mayBeDroppedFromItsOwnSignal()
    {
        auto reader = std::make_unique<AnswerReader>(m_engine->open(goOn("Hi", 5000)));
        bool dropped = false;
        reader->onText = [&] {
            dropped = true;
            ChatStreamPtr stream = std::move(reader->stream);
        };
        QTRY_VERIFY_WITH_TIMEOUT(dropped, patience);
        AnswerReader next(m_engine->open(goOn("Hi", 3)));
        QTRY_VERIFY_WITH_TIMEOUT(next.isCompleted, patience);
        QCOMPARE(reader->textDeltas, 1);
    }

    void requestsWaitTheirTurnUpToALimit()
    {
        const auto engine = makeEngine(m_quickBytes, 2);
        AnswerReader first(engine->open(goOn("one", 8)));
        AnswerReader second(engine->open(goOn("two", 8)));
        AnswerReader third(engine->open(goOn("three", 8)));
        AnswerReader refused(engine->open(goOn("four", 8)));
        QVERIFY(!refused.isDone());
        QTRY_VERIFY_WITH_TIMEOUT(refused.isDone(), patience);
        QCOMPARE(refused.error->code, ErrorCode::Overloaded);
        QVERIFY(refused.error->retryAfter && refused.error->retryAfter->count() >= 1);
        QVERIFY(!first.isStarted); // the model is not even loaded
        engine->load();
        QTRY_VERIFY_WITH_TIMEOUT(third.isDone(), patience);
        for (const AnswerReader *reader : {&first, &second, &third})
            QVERIFY(reader->isCompleted);
        AnswerReader later(engine->open(goOn("four", 8)));
        QTRY_VERIFY_WITH_TIMEOUT(later.isCompleted, patience);
    }

    void aWaitingRequestMayLeave()
    {
        AnswerReader busy(m_engine->open(goOn("Hi", 3000)));
        auto waiting = std::make_unique<AnswerReader>(m_engine->open(goOn("Ho", 5)));
        AnswerReader last(m_engine->open(goOn("Hu", 5)));
        QTRY_VERIFY_WITH_TIMEOUT(busy.textDeltas > 3, patience);
        waiting.reset();
        busy.stream.reset();
        QTRY_VERIFY_WITH_TIMEOUT(last.isCompleted, patience);
    }

    void pausesForASlowReader()
    {
        AnswerReader reader(m_engine->open(goOn("Hi", 300)));
        reader.onText = [&] {
            if (reader.textDeltas == 5)
                reader.stream->pause();
        };
        QTRY_VERIFY_WITH_TIMEOUT(reader.textDeltas >= 5, patience);
        QTest::qWait(300);
        QCOMPARE(reader.textDeltas, 5); // nothing comes while it is paused
        reader.stream->resume();
        QTRY_VERIFY_WITH_TIMEOUT(reader.isCompleted, patience);
        AnswerReader fluent(m_engine->open(goOn("Hi", 300)));
        QTRY_VERIFY_WITH_TIMEOUT(fluent.isCompleted, patience);
        QCOMPARE(reader.texts[0], fluent.texts[0]);
    }

    /// A reader that is paused, or whose thread hangs, bounds what is computed for it.
    void computesNoFurtherThanTheReaderFollows()
    {
        QSemaphore begun;
        QSemaphore goOnNow;
        Seen seen;
        const std::unique_ptr<QThread> lane(QThread::create([&] {
            AnswerReader reader(m_engine->open(goOn("Hi", 300)));
            reader.onText = [&] {
                if (reader.textDeltas == 1) {
                    begun.release();
                    goOnNow.acquire(); // the thread hangs
                }
            };
            QVERIFY(QTest::qWaitFor([&] { return reader.isDone(); }, patience));
            seen = {reader.texts[0], reader.isCompleted};
        }));
        lane->start();
        begun.acquire();
        AnswerReader other(m_engine->open(goOn("Ho", 5)));
        QTRY_VERIFY_WITH_TIMEOUT(other.isCompleted, patience); // it took over the slot
        goOnNow.release();
        QVERIFY(lane->wait(60'000));
        QVERIFY(seen.isCompleted);
        AnswerReader fluent(m_engine->open(goOn("Hi", 300)));
        QTRY_VERIFY_WITH_TIMEOUT(fluent.isCompleted, 60'000);
        QCOMPARE(seen.text.size(), fluent.texts[0].size());
    }

    void aPausedReaderHoldsUpNobody()
    {
        AnswerReader slow(m_engine->open(goOn("Hi", 60)));
        slow.onText = [&] {
            if (slow.textDeltas == 5)
                slow.stream->pause();
        };
        QTRY_VERIFY_WITH_TIMEOUT(slow.textDeltas == 5, patience);
        AnswerReader quick(m_engine->open(goOn("Ho", 60)));
        QTRY_VERIFY_WITH_TIMEOUT(quick.isCompleted, patience);
        QVERIFY(!slow.isDone());
        slow.stream->resume();
        QTRY_VERIFY_WITH_TIMEOUT(slow.isCompleted, patience);
        QCOMPARE(slow.usage->completionTokens, 60);
        AnswerReader alone(m_engine->open(goOn("Hi", 60)));
        QTRY_VERIFY_WITH_TIMEOUT(alone.isCompleted, patience);
        QCOMPARE(slow.texts[0], alone.texts[0]); // though its place in the context was lost meanwhile
    }

    void twoThreadsAsk()
    {
        QMap<int, QList<Seen>> seen;
        std::vector<std::unique_ptr<QThread>> lanes;
        for (int lane = 0; lane < 2; ++lane) {
            QList<Seen> &mine = seen[lane];
            lanes.emplace_back(QThread::create([this, &mine, lane] {
                for (int i = 0; i < 5; ++i) {
                    AnswerReader reader(m_engine->open(goOn(lane == 0 ? "one" : "two", 10)));
                    QVERIFY(QTest::qWaitFor([&] { return reader.isDone(); }, patience));
                    mine.append({reader.texts[0], reader.isCompleted});
                }
            }));
        }
        for (const auto &lane : lanes)
            lane->start();
        for (const auto &lane : lanes)
            QVERIFY(lane->wait(60'000));
        for (const QList<Seen> &mine : std::as_const(seen)) {
            QCOMPARE(mine.size(), 5);
            for (const Seen &answer : mine) {
                QVERIFY(answer.isCompleted);
                QCOMPARE(answer.text, mine.first().text);
            }
        }
        QVERIFY(seen[0].first().text != seen[1].first().text);
    }

    void theEngineGoesWhileItAnswers()
    {
        auto engine = makeEngine(m_slowBytes);
        engine->load();
        AnswerReader reading(engine->open(longPrompt()));
        AnswerReader waiting(engine->open(goOn("Hi", 5)));
        QTRY_VERIFY_WITH_TIMEOUT(reading.isStarted, patience);
        QElapsedTimer timer;
        timer.start();
        engine.reset();
        qInfo("gone after %lld ms", static_cast<long long>(timer.elapsed()));
        QVERIFY(timer.elapsed() < 1000 * slowness); // the prompt would take longer by far
        QTRY_VERIFY_WITH_TIMEOUT(reading.isDone() && waiting.isDone(), patience);
        QCOMPARE(reading.error->code, ErrorCode::Overloaded);
        QCOMPARE(waiting.error->code, ErrorCode::Overloaded);
        reading.stream->pause(); // a stream may outlive its engine
        reading.stream->cancel();
    }

    void readersComeAndGo()
    {
        std::vector<std::unique_ptr<AnswerReader>> readers;
        for (int i = 0; i < 200; ++i) {
            readers.push_back(std::make_unique<AnswerReader>(m_engine->open(goOn("Hi", 1 + i % 7))));
            if (i % 3 == 0)
                QCoreApplication::processEvents();
            if (readers.size() > 5)
                readers.erase(readers.begin() + i % 5);
        }
        readers.clear();
        AnswerReader last(m_engine->open(goOn("Hi", 3)));
        QTRY_VERIFY_WITH_TIMEOUT(last.isCompleted, patience);
    }

private:
    /// From the moment that the reader of a long prompt leaves.
    qint64 millisecondsToTheNextAnswer(char filling)
    {
        auto busy = std::make_unique<AnswerReader>(m_slowEngine->open(longPrompt(filling)));
        if (!QTest::qWaitFor([&] { return busy->isStarted; }, patience))
            return patience;
        QTest::qWait(150); // well inside the prompt
        if (busy->textDeltas > 0)
            return patience;
        QElapsedTimer timer;
        timer.start();
        busy.reset();
        qint64 begun = patience;
        AnswerReader next(m_engine->open(goOn("Hi", 1)));
        next.onText = [&] {
            begun = timer.elapsed();
        };
        return QTest::qWaitFor([&] { return next.isDone(); }, patience) ? begun : patience;
    }

    struct Seen
    {
        QByteArray text;
        bool isCompleted = false;
    };

    std::unique_ptr<Engine> makeEngine(const QByteArray &bytes, int queueLimit = 64)
    {
        return std::make_unique<Engine>(
            EngineOptions{
                .name = "tiny", .path = {}, .bytes = bytes, .contextLength = 16384, .queueLimit = queueLimit},
            m_log);
    }

    static ChatRequest longPrompt(char filling = 'x') { return goOn(QByteArray(16'000, filling), 5); }

    RecordingLog m_log;
    QByteArray m_quickBytes;
    QByteArray m_slowBytes;
    std::unique_ptr<Engine> m_engine;
    std::unique_ptr<Engine> m_slowEngine;
};

QTEST_GUILESS_MAIN(TestEngineFlow)
#include "tst_engine_flow.moc"
