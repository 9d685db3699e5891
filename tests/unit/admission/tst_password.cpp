// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/password.h"

#include <QTest>
#include <QThread>

#include <chrono>

using namespace gatehouse;
using Clk = std::chrono::steady_clock;

class PasswordTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void isArgon2idWithASaltOfItsOwn();
    void onlyTheSamePasswordMatches_data();
    void onlyTheSamePasswordMatches();
    void whatIsNoHashNeverMatches_data();
    void whatIsNoHashNeverMatches();
    void anUnknownUserTakesAsLong();
    void lengthsAreChecked_data();
    void lengthsAreChecked();
    void workerAnswersInTheThreadOfTheContext();
    void workerHashes();
    void workerDropsWhatNobodyWaitsFor();
    void workerEndsWithWorkWaiting();
    void workerRefusesMoreThanItsQueueHolds();
    void workerServesManyThreads();
};

namespace {

const QByteArray &knownHash()
{
    static const QByteArray hash = *hashPassword(Secret("correct horse"));
    return hash;
}

} // namespace

void PasswordTest::isArgon2idWithASaltOfItsOwn()
{
    // Also the cost that the hash of nobody has in password.cpp.
    QVERIFY2(knownHash().startsWith("$argon2id$v=19$m=65536,t=2,p=1$"), knownHash().constData());
    QVERIFY(knownHash() != *hashPassword(Secret("correct horse")));
    QVERIFY(!knownHash().contains("horse"));
}

void PasswordTest::onlyTheSamePasswordMatches_data()
{
    QTest::addColumn<QByteArray>("password");
    QTest::addColumn<QByteArray>("other");
    QTest::newRow("last character") << QByteArray("correct horse") << QByteArray("correct horsf");
    QTest::newRow("case") << QByteArray("correct horse") << QByteArray("Correct horse");
    QTest::newRow("shorter") << QByteArray("correct horse") << QByteArray("correct hors");
    QTest::newRow("longer") << QByteArray("correct horse") << QByteArray("correct horse ");
    QTest::newRow("empty") << QByteArray("correct horse") << QByteArray();
    QTest::newRow("behind a null byte")
        << QByteArray("correct\0horse", 13) << QByteArray("correct\0house", 13);
    QTest::newRow("UTF-8") << QByteArray("p\xc3\xa4ssword") << QByteArray("p\xc3\xa5ssword");
    QTest::newRow("end of a long one") << QByteArray(1024, 'a') << QByteArray(1023, 'a') + 'b';
}

void PasswordTest::onlyTheSamePasswordMatches()
{
    QFETCH(QByteArray, password);
    QFETCH(QByteArray, other);
    const Result<QByteArray> hash = hashPassword(Secret(password));
    QVERIFY(hash);
    QVERIFY(verifyPassword(*hash, Secret(password)));
    QVERIFY(!verifyPassword(*hash, Secret(other)));
}

void PasswordTest::whatIsNoHashNeverMatches_data()
{
    QTest::addColumn<QByteArray>("hash");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("the password") << QByteArray("correct horse");
    QTest::newRow("cut") << knownHash().chopped(1);
    QTest::newRow("other algorithm") << QByteArray(
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW");
    QTest::newRow("no cost") << QByteArray("$argon2id$v=19$m=0,t=0,p=0$AAAA$AAAA");
}

void PasswordTest::whatIsNoHashNeverMatches()
{
    QFETCH(QByteArray, hash);
    for (const char *password : {"", "correct horse"})
        QVERIFY(!verifyPassword(hash, Secret(password)));
}

void PasswordTest::anUnknownUserTakesAsLong()
{
    const auto fastest = [](const QByteArray &hash) {
        auto best = Clk::duration::max();
        for (int i = 0; i < 5; ++i) {
            const auto start = Clk::now();
            [[maybe_unused]] const bool matches = verifyPassword(hash, Secret("wrong password"));
            best = std::min(best, Clk::now() - start);
        }
        return double(best.count());
    };
    const double ratio = fastest({}) / fastest(knownHash());
    // A hash that can't be read would take a thousandth. The bounds leave room for a busy machine.
    QVERIFY2(ratio > 0.4 && ratio < 2.5, qPrintable(QString::number(ratio)));
}

void PasswordTest::lengthsAreChecked_data()
{
    QTest::addColumn<int>("size");
    QTest::addColumn<bool>("isGood");
    for (const int size : {0, 1, 7, 1025, 100000})
        QTest::addRow("%d", size) << size << false;
    for (const int size : {8, 9, 1023, 1024})
        QTest::addRow("%d", size) << size << true;
}

void PasswordTest::lengthsAreChecked()
{
    QFETCH(int, size);
    QFETCH(bool, isGood);
    const Result<void> checked = checkPassword(Secret(QByteArray(size, 'q')));
    QCOMPARE(checked.has_value(), isGood);
    if (!isGood) {
        QCOMPARE(checked.error().code, ErrorCode::InvalidRequest);
        QCOMPARE(checked.error().param, QByteArray("password"));
        QVERIFY(!checked.error().message.contains(QChar(u'q')));
    }
}

void PasswordTest::workerAnswersInTheThreadOfTheContext()
{
    PasswordWorker worker;
    QObject context;
    QList<bool> answers;
    QThread *thread = nullptr;
    const auto note = [&](bool matches) {
        thread = QThread::currentThread();
        answers.append(matches);
    };
    QVERIFY(worker.verify(knownHash(), Secret("correct horse"), &context, note));
    QVERIFY(worker.verify(knownHash(), Secret("wrong horse"), &context, note));
    QVERIFY(worker.verify({}, Secret("correct horse"), &context, note));
    QVERIFY(answers.isEmpty()); // Not before control is back in the event loop.
    QTRY_COMPARE_WITH_TIMEOUT(answers, QList<bool>({true, false, false}), 30'000);
    QCOMPARE(thread, QThread::currentThread());
}

void PasswordTest::workerHashes()
{
    PasswordWorker worker;
    QObject context;
    QByteArray hash;
    QVERIFY(worker.hash(Secret("correct horse"), &context,
                        [&hash](const Result<QByteArray> &made) { hash = *made; }));
    QTRY_VERIFY_WITH_TIMEOUT(!hash.isEmpty(), 30'000);
    QVERIFY(verifyPassword(hash, Secret("correct horse")));
}

void PasswordTest::workerDropsWhatNobodyWaitsFor()
{
    PasswordWorker worker;
    int calls = 0;
    for (int i = 0; i < 50; ++i) {
        auto leaving = std::make_unique<QObject>();
        if (!worker.verify(knownHash(), Secret("correct horse"), leaving.get(),
                           [&calls](bool) { calls += 100; }))
            break; // One is at work, sixteen wait.
    }
    QObject staying;
    bool isTaken = false; // QTRY_VERIFY asks once more after it has succeeded.
    const auto tryAgain = [&] {
        isTaken = isTaken ||
                  worker.verify(knownHash(), Secret("correct horse"), &staying, [&calls](bool) { ++calls; });
        return isTaken;
    };
    QTRY_VERIFY_WITH_TIMEOUT(tryAgain(), 30'000);
    QTRY_COMPARE_WITH_TIMEOUT(calls, 1, 30'000);
}

void PasswordTest::workerEndsWithWorkWaiting()
{
    QObject context;
    int calls = 0;
    {
        PasswordWorker worker;
        for (int i = 0; i < 10; ++i)
            QVERIFY(
                worker.verify(knownHash(), Secret("correct horse"), &context, [&calls](bool) { ++calls; }));
    }
    QCoreApplication::processEvents();
    QVERIFY(calls <= 1); // The one that was at work.
}

void PasswordTest::workerRefusesMoreThanItsQueueHolds()
{
    PasswordWorker worker;
    QObject context;
    int taken = 0;
    int answered = 0;
    for (int i = 0; i < 18; ++i) // Far less than the time that one takes.
        taken += worker.verify(knownHash(), Secret("x"), &context, [&answered](bool) { ++answered; });
    QVERIFY2(taken == 16 || taken == 17, qPrintable(QString::number(taken))); // One may be at work already.
    QTRY_COMPARE_WITH_TIMEOUT(answered, taken, 60'000);
    QVERIFY(worker.verify(knownHash(), Secret("x"), &context, [](bool) {}));
}

void PasswordTest::workerServesManyThreads()
{
    PasswordWorker worker;
    std::atomic<int> right = 0;
    std::vector<std::unique_ptr<QThread>> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back(QThread::create([&worker, &right] {
            QEventLoop loop;
            QObject context;
            if (!worker.verify(knownHash(), Secret("correct horse"), &context, [&](bool matches) {
                    right += matches && context.thread() == QThread::currentThread();
                    loop.quit();
                }))
                return;
            loop.exec();
        }));
        threads.back()->start();
    }
    for (const auto &thread : threads)
        QVERIFY(thread->wait(60'000));
    QCOMPARE(right.load(), 4);
}

QTEST_GUILESS_MAIN(PasswordTest)
#include "tst_password.moc"
