// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/password_prompt.h"

#include <QCoreApplication>

#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace gatehouse {

namespace {

struct PromptText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::PasswordPrompt)
};

constexpr qsizetype longestLine = 4096;

Error mistake(const QString &message)
{
    return {.code = ErrorCode::InvalidRequest, .message = message};
}

/// A terminal that shows nothing of what is typed, for as long as this lives. Signals that would end the
/// program wait meanwhile, so that none leaves the terminal without its echo.
class SilentTerminal
{
public:
    explicit SilentTerminal(int input)
        : m_input(input)
    {
        sigset_t ending;
        sigemptyset(&ending);
        for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP})
            sigaddset(&ending, signal);
        pthread_sigmask(SIG_BLOCK, &ending, &m_signals);
        m_signalInput = signalfd(-1, &ending, SFD_CLOEXEC);
        tcgetattr(m_input, &m_before);
        termios silent = m_before;
        silent.c_lflag &= ~tcflag_t(ECHO);
        tcsetattr(m_input, TCSAFLUSH, &silent);
    }
    ~SilentTerminal()
    {
        tcsetattr(m_input, TCSAFLUSH, &m_before);
        ::close(m_signalInput);
        pthread_sigmask(SIG_SETMASK, &m_signals, nullptr); // Those that waited take effect here.
    }
    Q_DISABLE_COPY_MOVE(SilentTerminal)

    /// Until there is something to read; false: a signal came first.
    [[nodiscard]] bool awaitInput() const
    {
        std::array<pollfd, 2> sources{
            {{.fd = m_input, .events = POLLIN}, {.fd = m_signalInput, .events = POLLIN}}};
        while (::poll(sources.data(), sources.size(), -1) < 0 && errno == EINTR)
            ;
        return (sources.at(1).revents & POLLIN) == 0;
    }

private:
    int m_input;
    int m_signalInput = -1;
    sigset_t m_signals = {};
    termios m_before = {};
};

/// Up to the line feed and nothing beyond it, which may be for somebody else. Unset: there was nothing.
std::optional<QByteArray> readLine(int input)
{
    QByteArray line;
    for (char c = '\0'; line.size() < longestLine;) {
        const ssize_t count = ::read(input, &c, 1);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0 && line.isEmpty())
            return {};
        if (count <= 0 || c == '\n')
            break;
        line += c;
    }
    if (line.endsWith('\r'))
        line.chop(1);
    return line;
}

Result<Secret> readSilently(int input, const SilentTerminal &terminal, const QString &prompt,
                            QTextStream &err)
{
    err << prompt << Qt::flush;
    const std::optional<QByteArray> line = terminal.awaitInput() ? readLine(input) : std::nullopt;
    err << Qt::endl;
    return line ? Result<Secret>(Secret(*line)) : mistake(PromptText::tr("no password was given"));
}

Result<Secret> askTwice(int input, QTextStream &err)
{
    const SilentTerminal terminal(input);
    const Result<Secret> first = readSilently(input, terminal, PromptText::tr("Password: "), err);
    if (!first)
        return first;
    const Result<Secret> second = readSilently(input, terminal, PromptText::tr("Again: "), err);
    if (!second || *first == *second)
        return second;
    return mistake(PromptText::tr("the two passwords differ"));
}

} // namespace

Result<Secret> readPassword(int input, QTextStream &err)
{
    if (::isatty(input))
        return askTwice(input, err);
    const std::optional<QByteArray> line = readLine(input);
    return line ? Result<Secret>(Secret(*line)) : mistake(PromptText::tr("no password was given"));
}

} // namespace gatehouse
