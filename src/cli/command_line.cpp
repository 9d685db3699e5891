// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/command_line.h"

#include "cli/access_grammar.h"

#include <QCoreApplication>

#include <CLI/CLI.hpp>

#include <algorithm>

namespace gatehouse {

namespace {

struct CommandLineText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::CommandLine)
};

std::string words(const QString &text)
{
    return text.toStdString();
}

/// The grammar and what was read by it.
class Grammar
{
public:
    Grammar()
    {
        m_app.add_flag("--version", m_version, words(CommandLineText::tr("Print the version")));
        addSettings(m_app);
        m_app.require_subcommand(0, 1);
        CLI::App *serve = m_app.add_subcommand(
            "serve", words(CommandLineText::tr("Serve requests; what happens without a command, too")));
        addSettings(*serve);

        CLI::App *config =
            m_app.add_subcommand("config", words(CommandLineText::tr("Look at the configuration")));
        config->require_subcommand(1);
        m_check = config->add_subcommand(
            "check",
            words(CommandLineText::tr("Print every effective value with its source, and every mistake")));
        addSettings(*m_check);
        m_example = config->add_subcommand("example",
                                           words(CommandLineText::tr("Print a documented gatehouse.toml")));
        addDoctor();
        m_access.emplace(m_app, [this](CLI::App &app) { addSources(app); });
        setHelp(m_app);
    }

    /// CLI11's exceptions end here.
    Result<Command> parse(const QStringList &arguments)
    {
        std::vector<std::string> reversed; // As CLI11 wants them.
        for (qsizetype i = arguments.size() - 1; i >= 1; --i)
            reversed.push_back(arguments.at(i).toStdString());
        try {
            m_app.parse(std::move(reversed));
        } catch (const CLI::CallForHelp &) {
            return Command(HelpCommand{QString::fromStdString(m_app.help())});
        } catch (const CLI::ExtrasError &) {
            return usage(CommandLineText::tr("there is no \"%1\" here").arg(firstUnknown()));
        } catch (const CLI::Error &error) {
            return usage(QString::fromUtf8(error.what()));
        }
        return command();
    }

private:
    void addSources(CLI::App &app)
    {
        addOption(app, "--config", m_settings.configFile,
                  CommandLineText::tr("gatehouse.toml; secrets.toml is read from its folder, too"))
            ->type_name("FILE");
        addOption(app, "--env-file", m_settings.envFile,
                  CommandLineText::tr("Variables to read instead of .env in the working directory"))
            ->type_name("FILE");
        addOption(app, "--data-dir", m_settings.dataDir,
                  CommandLineText::tr("Where to keep what must be remembered"))
            ->type_name("FOLDER");
    }

    // Given with `config check`, they show what `serve` would make of them.
    void addSettings(CLI::App &app)
    {
        addSources(app);
        CLI::Option *host = addOption(app, "--host", m_settings.host,
                                      CommandLineText::tr("The address or name to listen on"));
        host->type_name("HOST");
        addOption(app, "--port", m_settings.port,
                  CommandLineText::tr("The port to listen on; 0 picks a free one"))
            ->type_name("PORT");
        app.add_flag("--lan", m_settings.lan,
                     words(CommandLineText::tr("Listen on all interfaces; callers need a key")))
            ->excludes(host);
    }

    void addDoctor()
    {
        m_doctor = m_app.add_subcommand(
            "doctor", words(CommandLineText::tr("Examine the configuration and each route, and tell in plain "
                                                "words what is wrong")));
        const auto store = [this](const std::string &key) {
            m_examined = QString::fromStdString(key);
        };
        m_doctor
            ->add_option_function<std::string>("route", store,
                                               words(CommandLineText::tr("The key of one route; else all")))
            ->type_name("ROUTE");
        addSources(*m_doctor);
    }

    static CLI::Option *addOption(CLI::App &app, const char *name, std::optional<QString> &target,
                                  const QString &description)
    {
        const auto store = [&target](const std::string &text) {
            target = QString::fromStdString(text);
        };
        return app.add_option_function<std::string>(name, store, words(description));
    }

    static void setHelp(CLI::App &app)
    {
        app.set_help_flag("-h,--help", words(CommandLineText::tr("Print this help")));
        for (CLI::App *inner : app.get_subcommands([](CLI::App *) { return true; }))
            setHelp(*inner);
    }

    /// The first argument that fits nowhere; never what follows its `=`, which may be a secret.
    [[nodiscard]] QString firstUnknown() const
    {
        const std::vector<std::string> extras = m_app.remaining(true);
        const auto option = std::find_if(extras.begin(), extras.end(),
                                         [](const std::string &extra) { return extra.rfind('-', 0) == 0; });
        const std::string &first = option == extras.end() ? extras.front() : *option;
        return QString::fromStdString(first.substr(0, first.find('=')));
    }

    static Error usage(const QString &what)
    {
        return {.code = ErrorCode::InvalidRequest,
                .message = CommandLineText::tr("gatehouse: %1 (see gatehouse --help)").arg(what)};
    }

    [[nodiscard]] Command command() const
    {
        if (m_version)
            return VersionCommand{};
        if (m_check->parsed())
            return ConfigCheckCommand{m_settings};
        if (m_example->parsed())
            return ConfigExampleCommand{};
        if (m_doctor->parsed())
            return DoctorCommand{.settings = m_settings, .route = m_examined};
        if (const std::optional<AccessAction> action = m_access->action())
            return AccessCommand{.settings = m_settings, .action = *action};
        return ServeCommand{m_settings};
    }

    CLI::App m_app{words(CommandLineText::tr("Gatehouse, an LLM gateway that runs on your own device")),
                   "gatehouse"};
    CLI::App *m_check = nullptr;
    CLI::App *m_example = nullptr;
    CLI::App *m_doctor = nullptr;
    std::optional<AccessGrammar> m_access;
    CommandLineSettings m_settings;
    QString m_examined; ///< The doctor's route.
    bool m_version = false;
};

} // namespace

Result<Command> parseCommandLine(const QStringList &arguments)
{
    return Grammar().parse(arguments);
}

} // namespace gatehouse
