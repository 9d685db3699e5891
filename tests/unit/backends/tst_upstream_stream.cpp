// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/upstream_stream.h"
#include "fake_http.h"

#include <QTest>

using namespace gatehouse;

namespace {

/// A dialect of one letter an event: `.` is a delta, `!` a failure, `$` the end.
class LetterReader final : public AnswerReader
{
public:
    void begin(const QByteArray &contentType) override { m_type = contentType; }
    void append(const QByteArray &bytes) override { m_pending += bytes; }
    [[nodiscard]] std::optional<ChatEvents> next() override
    {
        if (m_pending.isEmpty())
            return std::nullopt;
        const char letter = m_pending.front();
        m_pending.remove(0, 1);
        if (letter == '$')
            return ChatEvents{AnswerCompleted{}};
        if (letter == '!')
            return ChatEvents{AnswerFailed{{.code = ErrorCode::UpstreamFailed, .message = {}}}};
        return ChatEvents{TextDelta{.text = QByteArray(1, letter)}};
    }
    [[nodiscard]] ChatEvents end() override
    {
        return ChatEvents{AnswerFailed{{.code = ErrorCode::UpstreamFailed, .message = {}}}};
    }

private:
    QByteArray m_type;
    QByteArray m_pending;
};

} // namespace

class TestUpstreamStream : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void eventsAsTheyCome();
    void nothingAfterTheEnd();
    void nothingAfterAFailure();
    void endWithoutCompletion();
    void brokenConnection();
    void completedReplyIsReadToItsEnd();
    void completedReplyThatNeverEndsIsDropped();
    void drainIsBounded();
    void cancelReachesTheReply();
    void cancelInsideAnEvent();
    void pauseHoldsBackWhatWasRead();
    void pauseAgainBeforeTheQueuedResume();
    void rejection();
    void rejectionThatBreaksOff();
    void longErrorBodyIsCut();
    void redirect();
    void compressed();
    void streamOutlivesItsDrain();

private:
    [[nodiscard]] ChatStreamPtr open()
    {
        return ChatStreamPtr(new UpstreamStream(m_http.send({}), std::make_unique<LetterReader>(), *m_drain));
    }
    FakeHttpClient m_http;
    std::unique_ptr<ReplyDrain> m_drain;
};

void TestUpstreamStream::init()
{
    m_drain = std::make_unique<ReplyDrain>();
}

void TestUpstreamStream::eventsAsTheyCome()
{
    EventLog log(open());
    m_http.reply()->head(200, eventStream);
    QCOMPARE(log.story(), QByteArray());
    m_http.reply()->data("ab");
    QCOMPARE(log.story(), QByteArray("text(a) text(b)"));
    m_http.reply()->data("c$");
    QCOMPARE(log.story(), QByteArray("text(a) text(b) text(c) done"));
}

void TestUpstreamStream::nothingAfterTheEnd()
{
    EventLog log(open());
    m_http.reply()->head(200, eventStream);
    m_http.reply()->data("$a$!");
    m_http.reply()->data("b");
    m_http.reply()->finish();
    QCOMPARE(log.story(), QByteArray("done"));
}

void TestUpstreamStream::nothingAfterAFailure()
{
    EventLog log(open());
    m_http.reply()->head(200, eventStream);
    m_http.reply()->data("!a$");
    QCOMPARE(log.story(), QByteArray("fail(upstream_failed)"));
    QVERIFY(m_http.reply()->isCancelled);
    QCOMPARE(m_drain->size(), size_t(0));
}

void TestUpstreamStream::endWithoutCompletion()
{
    EventLog log(open());
    m_http.reply()->head(200, eventStream);
    m_http.reply()->data("a");
    m_http.reply()->finish();
    QCOMPARE(log.story(), QByteArray("text(a) fail(upstream_failed)"));
}

void TestUpstreamStream::brokenConnection()
{
    EventLog log(open());
    m_http.reply()->fail(ErrorCode::UpstreamUnreachable);
    QCOMPARE(log.story(), QByteArray("fail(upstream_unreachable)"));
    EventLog later(open());
    m_http.reply()->head(200, eventStream);
    m_http.reply()->data("a");
    m_http.reply()->fail(ErrorCode::UpstreamTimeout);
    QCOMPARE(later.story(), QByteArray("text(a) fail(upstream_timeout)"));
}

void TestUpstreamStream::completedReplyIsReadToItsEnd()
{
    EventLog log(open());
    const QPointer<FakeReply> reply = m_http.reply();
    reply->head(200, eventStream);
    reply->data("$");
    log.stream.reset();
    QVERIFY(!reply->isCancelled);
    QCOMPARE(m_drain->size(), size_t(1));
    reply->finish();
    QCOMPARE(m_drain->size(), size_t(0));
    QTRY_VERIFY(!reply);
}

void TestUpstreamStream::completedReplyThatNeverEndsIsDropped()
{
    EventLog log(open());
    const QPointer<FakeReply> reply = m_http.reply();
    reply->head(200, eventStream);
    reply->data("$");
    QVERIFY(!reply->isCancelled);
    QTRY_VERIFY(!reply);
    QCOMPARE(m_drain->size(), size_t(0));
}

void TestUpstreamStream::drainIsBounded()
{
    for (size_t i = 0; i < ReplyDrain::capacity + 10; ++i) {
        EventLog log(open());
        m_http.reply()->head(200, eventStream);
        m_http.reply()->data("$");
    }
    QCOMPARE(m_drain->size(), ReplyDrain::capacity);
    QVERIFY(m_http.reply()->isCancelled);
}

void TestUpstreamStream::cancelReachesTheReply()
{
    EventLog log(open());
    const QPointer<FakeReply> reply = m_http.reply();
    log.stream.reset();
    QVERIFY(reply->isCancelled);
}

void TestUpstreamStream::cancelInsideAnEvent()
{
    EventLog log(open());
    const QPointer<FakeReply> reply = m_http.reply();
    reply->head(200, eventStream);
    connect(log.stream.get(), &ChatStream::event, this, [&] { log.stream.reset(); });
    reply->data("abc$");
    QCOMPARE(log.story(), QByteArray("text(a)"));
    QVERIFY(reply->isCancelled);
}

void TestUpstreamStream::pauseHoldsBackWhatWasRead()
{
    EventLog log(open());
    m_http.reply()->head(200, eventStream);
    connect(log.stream.get(), &ChatStream::event, this, [&] {
        if (log.words.size() == 2)
            log.stream->pause();
    });
    m_http.reply()->data("abc");
    QCOMPARE(log.story(), QByteArray("text(a) text(b)"));
    QVERIFY(m_http.reply()->isPaused);
    log.stream->resume();
    QCOMPARE(log.story(), QByteArray("text(a) text(b)")); // Not from inside resume().
    QVERIFY(m_http.reply()->isPaused);
    QTRY_COMPARE(log.story(), QByteArray("text(a) text(b) text(c)"));
    QVERIFY(!m_http.reply()->isPaused);
}

void TestUpstreamStream::pauseAgainBeforeTheQueuedResume()
{
    EventLog log(open());
    m_http.reply()->head(200, eventStream);
    log.stream->pause();
    log.stream->resume();
    log.stream->pause();
    m_http.reply()->data("a");
    QTest::qWait(5);
    QCOMPARE(log.story(), QByteArray());
    QVERIFY(m_http.reply()->isPaused);
    log.stream->resume();
    QTRY_COMPARE(log.story(), QByteArray("text(a)"));
}

void TestUpstreamStream::rejection()
{
    EventLog log(open());
    m_http.reply()->head(429, {{"Content-Type", "application/json"}, {"Retry-After", "7"}});
    m_http.reply()->data(R"({"error":{"message":"Slow )");
    m_http.reply()->data(R"(down","code":"rate_limit_exceeded"}})");
    QCOMPARE(log.story(), QByteArray());
    m_http.reply()->finish();
    QCOMPARE(log.story(), QByteArray("fail(upstream_rejected)"));
    QCOMPARE(log.error.message, QStringLiteral("Slow down"));
    QCOMPARE(log.error.reason, QByteArray("rate_limit_exceeded"));
    QCOMPARE(log.error.upstreamStatus, 429);
    QCOMPARE(log.error.retryAfter, std::chrono::seconds(7));
}

void TestUpstreamStream::rejectionThatBreaksOff()
{
    EventLog log(open());
    m_http.reply()->head(503, {});
    m_http.reply()->data("busy");
    m_http.reply()->fail(ErrorCode::UpstreamFailed);
    QCOMPARE(log.story(), QByteArray("fail(upstream_failed)"));
    QCOMPARE(log.error.upstreamStatus, 503);
    EventLog silent(open());
    m_http.reply()->head(503, {});
    m_http.reply()->fail(ErrorCode::UpstreamTimeout);
    QCOMPARE(silent.story(), QByteArray("fail(upstream_timeout)"));
}

void TestUpstreamStream::longErrorBodyIsCut()
{
    EventLog log(open());
    m_http.reply()->head(400, {{"Content-Type", "text/plain"}});
    for (int i = 0; i < 100; ++i)
        m_http.reply()->data(QByteArray(10'000, 'x'));
    m_http.reply()->finish();
    QCOMPARE(log.story(), QByteArray("fail(upstream_rejected)"));
    QVERIFY(log.error.message.size() < 2'000);
}

void TestUpstreamStream::redirect()
{
    EventLog log(open());
    m_http.reply()->head(307, {{"Location", "https://elsewhere/"}});
    m_http.reply()->finish();
    QCOMPARE(log.story(), QByteArray("fail(upstream_failed)"));
    QVERIFY2(log.error.message.contains(QStringLiteral("redirect")), qPrintable(log.error.message));
    QCOMPARE(log.error.detail, QStringLiteral("https://elsewhere/"));
}

void TestUpstreamStream::compressed()
{
    EventLog log(open());
    m_http.reply()->head(200, {{"Content-Encoding", "gzip"}});
    QCOMPARE(log.story(), QByteArray("fail(upstream_failed)"));
    QVERIFY2(log.error.detail.contains(QStringLiteral("gzip")), qPrintable(log.error.detail));
    EventLog plain(open());
    m_http.reply()->head(200, {{"Content-Encoding", "Identity"}});
    m_http.reply()->data("a");
    QCOMPARE(plain.story(), QByteArray("text(a)"));
}

void TestUpstreamStream::streamOutlivesItsDrain()
{
    EventLog log(open());
    m_http.reply()->head(200, eventStream);
    m_drain.reset();
    m_http.reply()->data("a$");
    QCOMPARE(log.story(), QByteArray("text(a) done"));
    QVERIFY(m_http.reply()->isCancelled);
}

QTEST_GUILESS_MAIN(TestUpstreamStream)
#include "tst_upstream_stream.moc"
