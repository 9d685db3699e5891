// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/password_prompt.h"

#include <QElapsedTimer>
#include <QTest>

#include <fcntl.h>
#include <pthread.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>

using namespace gatehouse;

namespace {

/// A terminal and the one who types at it.
class Terminal
{
public:
    Terminal()
        : m_typist(::posix_openpt(O_RDWR | O_NOCTTY))
    {
        if (m_typist < 0 || ::grantpt(m_typist) != 0 || ::unlockpt(m_typist) != 0)
            qFatal("no terminal");
        m_input = ::open(::ptsname(m_typist), O_RDWR | O_NOCTTY);
    }
    ~Terminal()
    {
        ::close(m_input);
        ::close(m_typist);
    }
    Q_DISABLE_COPY_MOVE(Terminal)

    [[nodiscard]] int input() const { return m_input; }
    [[nodiscard]] bool echoes() const
    {
        termios state = {};
        return ::tcgetattr(m_input, &state) == 0 && (state.c_lflag & ECHO) != 0;
    }
    [[nodiscard]] bool awaitSilence() const
    {
        QElapsedTimer waited;
        waited.start();
        while (echoes() && waited.elapsed() < 20'000)
            std::this_thread::yield();
        return !echoes();
    }
    void type(const QByteArray &keys) const
    {
        (void)!::write(m_typist, keys.constData(), size_t(keys.size()));
    }

    /// What stood on the screen so far.
    [[nodiscard]] QByteArray screen() const
    {
        ::fcntl(m_typist, F_SETFL, O_NONBLOCK);
        QByteArray shown(4096, '\0');
        const ssize_t count = ::read(m_typist, shown.data(), size_t(shown.size()));
        return shown.first(std::max<ssize_t>(count, 0));
    }

private:
    int m_typist;
    int m_input = -1;
};

std::atomic<int> interruptions = 0;

} // namespace

class PasswordPromptTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void terminalAsksTwiceWithoutEcho();
    void terminalRefuses_data();
    void terminalRefuses();
    void interruptingLeavesTheEcho();
    void pipeGivesOneLineAndNoMore();
};

void PasswordPromptTest::terminalAsksTwiceWithoutEcho()
{
    const Terminal terminal;
    QString said;
    QTextStream err(&said);
    std::thread typist([&terminal] {
        if (terminal.awaitSilence())
            terminal.type("correct horse\ncorrect horse\n");
    });
    const Result<Secret> password = readPassword(terminal.input(), err);
    typist.join();
    QVERIFY(password);
    QCOMPARE(password->reveal(), QByteArray("correct horse"));
    QCOMPARE(said, QStringLiteral("Password: \nAgain: \n"));
    QVERIFY(!terminal.screen().contains("horse"));
    QVERIFY(terminal.echoes());
}

void PasswordPromptTest::terminalRefuses_data()
{
    QTest::addColumn<QByteArray>("typed");
    QTest::newRow("two that differ") << QByteArray("correct horse\ncorrect house\n");
    QTest::newRow("end of input") << QByteArray("\x04");
    QTest::newRow("end of input at the second") << QByteArray("correct horse\n\x04");
}

void PasswordPromptTest::terminalRefuses()
{
    QFETCH(QByteArray, typed);
    const Terminal terminal;
    QString said;
    QTextStream err(&said);
    std::thread typist([&] {
        if (terminal.awaitSilence())
            terminal.type(typed);
    });
    const Result<Secret> password = readPassword(terminal.input(), err);
    typist.join();
    QVERIFY(!password);
    QCOMPARE(password.error().code, ErrorCode::InvalidRequest);
    QVERIFY(!password.error().message.contains(QStringLiteral("horse")));
    QVERIFY(terminal.echoes());
}

void PasswordPromptTest::interruptingLeavesTheEcho()
{
    const Terminal terminal;
    struct sigaction counting = {};
    struct sigaction before = {};
    counting.sa_handler = [](int) {
        ++interruptions;
    };
    QCOMPARE(::sigaction(SIGINT, &counting, &before), 0);
    QString said;
    QTextStream err(&said);
    const pthread_t reader = ::pthread_self();
    std::thread typist([&terminal, reader] {
        if (terminal.awaitSilence())
            ::pthread_kill(reader, SIGINT);
    });
    const Result<Secret> password = readPassword(terminal.input(), err);
    typist.join();
    ::sigaction(SIGINT, &before, nullptr);
    QVERIFY(!password);
    QCOMPARE(interruptions.load(), 1); // It was held back, not swallowed.
    QVERIFY(terminal.echoes());
}

void PasswordPromptTest::pipeGivesOneLineAndNoMore()
{
    int ends[2];
    QCOMPARE(::pipe(ends), 0);
    QCOMPARE(::write(ends[1], "one line\nthe rest", 17), 17);
    ::close(ends[1]);
    QString said;
    QTextStream err(&said);
    const Result<Secret> password = readPassword(ends[0], err);
    QVERIFY(password);
    QCOMPARE(password->reveal(), QByteArray("one line"));
    QVERIFY(said.isEmpty());
    QByteArray rest(64, '\0');
    QCOMPARE(::read(ends[0], rest.data(), size_t(rest.size())), 8);
    QCOMPARE(rest.first(8), QByteArray("the rest"));
    QVERIFY(!readPassword(ends[0], err)); // Nothing is left.
    ::close(ends[0]);
}

QTEST_GUILESS_MAIN(PasswordPromptTest)
#include "tst_password_prompt.moc"
