// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/demo_model.h"
#include "engine/engine.h"
#include "unit/engine/answer_reader.h"
#include "unit/engine/recording_log.h"
#include "unit/engine/requests.h"

#include <QEventLoop>
#include <QTest>
#include <QTimer>

#include <random>

using namespace gatehouse;

/// The demo model with a few bytes changed at random: each is refused with a reason, or loads and answers.
class TestBadFiles : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void changedFilesFailOrWork()
    {
        const QByteArray demo = demoModel().toByteArray();
        int loaded = 0;
        const int files = 2000 / slowness;
        for (int i = 0; i < files; ++i) {
            m_random.seed(static_cast<unsigned>(i) * 7919U + 1);
            const QByteArray bytes = changed(demo);
            Engine engine({.name = "changed", .path = {}, .bytes = bytes, .threads = 1}, m_log);
            engine.load();
            AnswerReader reader(engine.open(ask("Hi", 3)));
            AnswerReader texts(engine.open(embed({"Hi"})));
            QVERIFY2(waitFor(reader) && waitFor(texts), qPrintable(QString::number(i)));
            const EngineStatus status = engine.status();
            QVERIFY(status.state == EngineState::Ready || status.state == EngineState::Failed);
            if (status.error)
                QVERIFY2(!status.error->detail.isEmpty(), qPrintable(QString::number(i)));
            loaded += status.state == EngineState::Ready ? 1 : 0;
        }
        qInfo("%d of %d loaded", loaded, files);
        QVERIFY(loaded > 0);
        QVERIFY(loaded < files / 2);
    }

    void cutFilesFail()
    {
        const QByteArray demo = demoModel().toByteArray();
        for (int i = 0; i < 100 / slowness; ++i) {
            m_random.seed(static_cast<unsigned>(i));
            const QByteArray bytes = demo.first(1 + below(i % 2 == 0 ? header : demo.size() - 1));
            Engine engine({.name = "cut", .path = {}, .bytes = bytes}, m_log);
            engine.load();
            AnswerReader reader(engine.open(ask("Hi", 3)));
            QVERIFY(waitFor(reader));
            QCOMPARE(engine.status().state, EngineState::Failed);
        }
    }

private:
    static constexpr qsizetype header = 32'364; ///< The demo model's, where most changes matter.

    [[nodiscard]] qsizetype below(qsizetype end)
    {
        return static_cast<qsizetype>(m_random() % static_cast<quint64>(end));
    }

    [[nodiscard]] QByteArray changed(QByteArray bytes)
    {
        for (qsizetype changes = 1 + below(3); changes > 0 && bytes.size() > header; --changes) {
            const qsizetype at = below(8) != 0 ? below(header) : below(bytes.size());
            change(bytes, at);
        }
        return bytes;
    }

    void change(QByteArray &bytes, qsizetype at)
    {
        const auto any = static_cast<char>(below(256));
        switch (below(8)) {
        case 0:
            bytes[at] = any;
            break;
        case 1:
            bytes.insert(at, QByteArray(1 + below(8), any));
            break;
        case 2:
            bytes.remove(at, 1 + below(8));
            break;
        case 3:
            bytes.replace(at, 4, QByteArray(4, below(2) == 0 ? '\0' : '\xFF'));
            break;
        default:
            bytes[at] = static_cast<char>(bytes.at(at) ^ (1 << below(8)));
        }
    }

    [[nodiscard]] static bool waitFor(AnswerReader &reader)
    {
        QEventLoop loop; // not QTest::qWaitFor, which sleeps
        connect(reader.stream.get(), &ChatStream::event, &loop, [&] {
            if (reader.isDone())
                loop.quit();
        });
        QTimer::singleShot(patience, &loop, &QEventLoop::quit);
        if (!reader.isDone())
            loop.exec();
        return reader.isDone();
    }

    RecordingLog m_log;
    std::mt19937 m_random;
};

QTEST_GUILESS_MAIN(TestBadFiles)
#include "tst_bad_files.moc"
