// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/tiny_gguf.h"
#include "gatehouse_process.h"
#include "raw_client.h"

#include <QFile>
#include <QTest>

#include <unistd.h>

#include <chrono>

using namespace gatehouse;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

/// Sanitizers make everything slower by as much.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int slowness = 10;
#else
constexpr int slowness = 1;
#endif
constexpr int patience = 120'000;

/// A conversation whose prompt is `length` tokens long, as every byte is one.
QByteArray chat(char filling, int length)
{
    return RawClient::post("/v1/chat/completions",
                           R"({"stream":true,"max_tokens":1,"messages":[{"role":"user","content":")" +
                               QByteArray(length, filling) + R"("}]})");
}

milliseconds since(std::chrono::steady_clock::time_point begun)
{
    return std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - begun);
}

/// Processor time of all threads of a process.
milliseconds busyTime(qint64 process)
{
    QFile stat(QStringLiteral("/proc/%1/stat").arg(process));
    if (!stat.open(QIODevice::ReadOnly))
        return {};
    const QList<QByteArray> fields = stat.readAll().split(')').last().split(' ');
    const qint64 ticks = fields.value(12).toLongLong() + fields.value(13).toLongLong();
    return milliseconds(ticks * 1000 / sysconf(_SC_CLK_TCK));
}

} // namespace

/// Models in the process, from outside.
class ProgramEngineTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void stopsInTheMiddleOfALongPrompt();
    void ticksWhileAModelLoads();
    void survivesABadFile();

private:
    /// What a client sees that asks again and again while the model loads.
    struct Start
    {
        int unready = 0; ///< Answers of /health/ready that said so.
        milliseconds longest = {};
        bool becameReady = false;
    };
    [[nodiscard]] static Start watchStart(quint16 port);
    [[nodiscard]] static milliseconds ask(RawClient &client, const char *path, QByteArray &answer);
    [[nodiscard]] static bool leaveALongPrompt(GatehouseProcess &gatehouse, char filling);

    static QStringList environmentFor(const QString &path)
    {
        return {QStringLiteral("GATEHOUSE_ROUTES_TINY_PATH=") + path,
                QStringLiteral("GATEHOUSE_MODEL_CONTEXT_LENGTH=8192"),
                QStringLiteral("GATEHOUSE_SERVER_LANES=1")};
    }
    static constexpr int longPrompt = 8'000; ///< Bytes and tokens.
};

/// Asks, and leaves while the prompt is being read, as the processor time shows. False: it was answered.
bool ProgramEngineTest::leaveALongPrompt(GatehouseProcess &gatehouse, char filling)
{
    const qint64 process = gatehouse.process().processId();
    const milliseconds before = busyTime(process);
    RawClient client(gatehouse.port());
    (void)client.send(chat(filling, longPrompt));
    const bool isBusy = QTest::qWaitFor([&] { return busyTime(process) - before >= 200ms; }, patience);
    client.readUntilClosed(1);
    return isBusy && !client.received().contains("finish_reason");
}

void ProgramEngineTest::stopsInTheMiddleOfALongPrompt()
{
    const QByteArray model = fakes::makeTinyGguf({.width = 256, .layers = 6, .contextLength = 8192});
    GatehouseProcess gatehouse(environmentFor(QStringLiteral("tiny.gguf")), {},
                               {{QStringLiteral("tiny.gguf"), model}});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));

    auto begun = std::chrono::steady_clock::now();
    RawClient patient(gatehouse.port());
    QVERIFY(patient.send(chat('p', longPrompt)));
    QVERIFY(patient.readUntil("[DONE]", patience));
    const milliseconds whole = since(begun);
    constexpr milliseconds promptly = 50ms * slowness;
    QVERIFY2(whole > 20 * promptly, "the prompt is read too fast for this test to show anything");

    // The kernel may give the processor to somebody else just then; that it can be this quick is what counts.
    const QString endpoint = QStringLiteral("/v1/chat/completions");
    milliseconds logged = 1h;
    milliseconds answered = 1h;
    for (int tries = 0; tries < 4 && (logged > promptly || answered > promptly); ++tries) {
        const auto lines = 1 + 3 * tries;
        QVERIFY(leaveALongPrompt(gatehouse, static_cast<char>('a' + 2 * tries)));
        begun = std::chrono::steady_clock::now();
        QVERIFY(gatehouse.waitForRequestLines(endpoint, lines + 1));
        logged = std::min(logged, since(begun));
        QCOMPARE(gatehouse.requestLines(endpoint).last()[u"status"].toInt(), 499);

        QVERIFY(leaveALongPrompt(gatehouse, static_cast<char>('b' + 2 * tries)));
        begun = std::chrono::steady_clock::now();
        RawClient next(gatehouse.port());
        QVERIFY(next.send(chat('n', 1)));
        QVERIFY(next.readUntil("[DONE]", patience));
        answered = std::min(answered, since(begun));
        QVERIFY(gatehouse.waitForRequestLines(endpoint, lines + 3));
    }
    qInfo("the whole prompt: %lld ms; logged after %lld ms; the next answer after %lld ms",
          static_cast<long long>(whole.count()), static_cast<long long>(logged.count()),
          static_cast<long long>(answered.count()));
    QVERIFY(logged <= promptly);
    QVERIFY(answered <= promptly);
}

void ProgramEngineTest::ticksWhileAModelLoads()
{
    QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("big.gguf"));
    {
        const QByteArray model = fakes::makeTinyGguf({.width = 512, .layers = 12});
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(model), model.size());
    }
    milliseconds best = 1h;
    for (int tries = 0; tries < 3 && best >= 20ms * slowness; ++tries) {
        GatehouseProcess gatehouse(environmentFor(path) +
                                   QStringList{QStringLiteral("GATEHOUSE_ROUTES_TWIN_PATH=") + path,
                                               QStringLiteral("GATEHOUSE_ROUTES_THIRD_PATH=") + path});
        QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
        const Start start = watchStart(gatehouse.port());
        QVERIFY(start.becameReady);
        QVERIFY2(start.unready >= 5, qPrintable(QStringLiteral("asked %1 times only").arg(start.unready)));
        best = std::min(best, start.longest);
        qInfo("asked %d times while it loaded, at most %lld ms", start.unready,
              static_cast<long long>(start.longest.count()));
    }
    QVERIFY(best < 20ms * slowness);
}

ProgramEngineTest::Start ProgramEngineTest::watchStart(quint16 port)
{
    RawClient client(port);
    Start start;
    const auto begun = std::chrono::steady_clock::now();
    while (!start.becameReady && since(begun) < milliseconds(patience)) {
        QByteArray alive;
        QByteArray ready;
        const milliseconds one = ask(client, "/healthz", alive);
        const milliseconds other = ask(client, "/health/ready", ready);
        start.longest = std::max({start.longest, one, other});
        if (!alive.startsWith("HTTP/1.1 200"))
            return start;
        if (ready.startsWith("HTTP/1.1 503") && ready.endsWith(R"({"status":"starting"})"))
            ++start.unready;
        else
            start.becameReady = ready.startsWith("HTTP/1.1 200") && ready.endsWith(R"({"status":"ready"})");
        if (!start.becameReady && !ready.startsWith("HTTP/1.1 503"))
            return start;
    }
    return start;
}

/// One request after another over one connection; the answer's end is the end of its JSON.
milliseconds ProgramEngineTest::ask(RawClient &client, const char *path, QByteArray &answer)
{
    const auto begun = std::chrono::steady_clock::now();
    const auto before = client.received().size();
    const auto isWhole = [&] {
        return client.received().sliced(before).contains("\r\n\r\n") && client.received().endsWith('}');
    };
    if (!client.send("GET " + QByteArray(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        return 1h;
    while (!isWhole() && since(begun) < milliseconds(patience))
        client.readUntilClosed(1);
    answer = client.received().sliced(before);
    return since(begun);
}

/// The file and what is wrong with it are in the log; the server goes on.
void ProgramEngineTest::survivesABadFile()
{
    const QByteArray model = fakes::makeTinyGguf({});
    GatehouseProcess gatehouse(environmentFor(QStringLiteral("tiny.gguf")), {},
                               {{QStringLiteral("tiny.gguf"), model.first(model.size() - 1000)}});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient client(gatehouse.port());
    QVERIFY(client.send(chat('x', 1)));
    QVERIFY(client.readUntil("The model could not be loaded.", patience));
    QVERIFY(!client.received().contains("tiny.gguf:"));
    QTRY_VERIFY(gatehouse.why().contains(QStringLiteral("model not loaded")));
    QVERIFY2(gatehouse.why().contains(QStringLiteral("tiny.gguf: the tensor")), qPrintable(gatehouse.why()));
    QByteArray alive;
    RawClient other(gatehouse.port());
    (void)ask(other, "/healthz", alive);
    QVERIFY(alive.startsWith("HTTP/1.1 200"));
}

QTEST_GUILESS_MAIN(ProgramEngineTest)
#include "tst_program_engine.moc"
