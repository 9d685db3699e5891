// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/local_models.h"
#include "app/service.h"
#include "base/epoll_dispatcher.h"
#include "base/qt_message_log.h"
#include "cli/command_line.h"
#include "cli/config_commands.h"
#include "cli/doctor.h"

#include <QCoreApplication>
#include <QDir>

#include <unistd.h>

using namespace gatehouse;

namespace {

ConfigSources sourcesFor(const CommandLineSettings &commandLine)
{
    return {.commandLine = commandLine,
            .environment = QProcessEnvironment::systemEnvironment(),
            .workingDirectory = QDir::currentPath()};
}

LogFormat lineFormat(LogStyle style)
{
    switch (style) {
    case LogStyle::Json:
        return LogFormat::Json;
    case LogStyle::Text:
        return LogFormat::Text;
    case LogStyle::Auto:
        return isatty(STDERR_FILENO) ? LogFormat::ColouredText : LogFormat::Json;
    }
    Q_UNREACHABLE();
}

int serve(const ServeCommand &command)
{
    const ConfigSources sources = sourcesFor(command.settings);
    const LoadedSettings loaded = loadSettings(sources);
    QTextStream errors(stderr);
    printProblems(loaded, errors);
    errors.flush();
    if (!loaded.settings)
        return ExitUsage;

    const SystemClock clock;
    LogWriter log({.format = lineFormat(loaded.settings->log.format), .level = loaded.settings->log.level},
                  clock);
    const QtMessageLog qtMessages(log);
    Service service(sources, loaded, log);
    return service.start() ? QCoreApplication::exec() : int(ExitFailure);
}

int runAccess(const AccessCommand &command, QTextStream &out)
{
    QTextStream errors(stderr);
    const ConfigSources sources = sourcesFor(command.settings);
    const SystemClock clock;
    return runAccessCommand(
        {.sources = sources, .clock = clock, .input = STDIN_FILENO, .out = out, .err = errors},
        command.action);
}

int examine(const DoctorCommand &command, QTextStream &out)
{
    const SettingsPtr settings = examineSettings(sourcesFor(command.settings), out);
    if (!settings)
        return ExitUsage;
    const SystemClock clock;
    LogWriter log({.format = lineFormat(settings->log.format), .level = LogLevel::Warning}, clock);
    const QtMessageLog qtMessages(log);
    Readiness readiness;
    const LocalModels localModels(*settings, log, readiness);
    Doctor doctor(
        settings, [&localModels](const RouteSettings &route) { return localModels.backend(route); }, out);
    QObject::connect(&doctor, &Doctor::finished, qApp, &QCoreApplication::exit);
    doctor.start(command.route);
    return QCoreApplication::exec();
}

int run(const Command &command)
{
    QTextStream out(stdout);
    if (const auto *asked = std::get_if<ServeCommand>(&command))
        return serve(*asked);
    if (const auto *asked = std::get_if<ConfigCheckCommand>(&command))
        return runConfigCheck(sourcesFor(asked->settings), out);
    if (std::holds_alternative<ConfigExampleCommand>(command))
        return runConfigExample(out);
    if (const auto *asked = std::get_if<DoctorCommand>(&command))
        return examine(*asked, out);
    if (const auto *asked = std::get_if<AccessCommand>(&command))
        return runAccess(*asked, out);
    if (std::holds_alternative<VersionCommand>(command))
        return runVersion(out);
    out << std::get<HelpCommand>(command).text;
    return ExitSuccess;
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication::setEventDispatcher(new EpollDispatcher);
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("gatehouse"));
    QCoreApplication::setApplicationVersion(QStringLiteral(GATEHOUSE_VERSION));

    const Result<Command> command = parseCommandLine(QCoreApplication::arguments());
    if (!command) {
        QTextStream(stderr) << command.error().message << Qt::endl;
        return ExitUsage;
    }
    return run(*command);
}
