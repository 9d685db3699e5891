// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/access_grammar.h"

#include <QCoreApplication>

#include <CLI/CLI.hpp>

namespace gatehouse {

namespace {

struct GrammarText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::AccessGrammar)
};

constexpr qint64 largestLimit = 1'000'000'000'000;

CLI::App *command(CLI::App &app, const char *name, const QString &description)
{
    return app.add_subcommand(name, description.toStdString());
}

CLI::Option *text(CLI::App &app, const char *name, QString &target, const QString &description)
{
    const auto store = [&target](const std::string &value) {
        target = QString::fromStdString(value);
    };
    return app.add_option_function<std::string>(name, store, description.toStdString());
}

void limit(CLI::App &app, const char *name, std::optional<qint64> &target, const QString &description)
{
    app.add_option_function<qint64>(
           name, [&target](qint64 value) { target = value; }, description.toStdString())
        ->check(CLI::Range(qint64(1), largestLimit))
        ->type_name("N");
}

void adminFlag(CLI::App &app, CallerRole &role)
{
    app.add_flag_callback(
        "--admin", [&role] { role = CallerRole::Admin; },
        GrammarText::tr("May also manage keys, users and models").toStdString());
}

} // namespace

AccessGrammar::AccessGrammar(CLI::App &app, const std::function<void(CLI::App &)> &addSources)
{
    addKeyCommands(*command(app, "key", GrammarText::tr("Make, list and revoke API keys")));
    addUserCommands(*command(app, "user", GrammarText::tr("Add, list and remove users")));
    for (const Command &added : m_commands)
        addSources(*added.app);
}

std::optional<AccessAction> AccessGrammar::action() const
{
    for (const Command &added : m_commands) {
        if (added.app->parsed())
            return added.action();
    }
    return {};
}

void AccessGrammar::addKeyCommands(CLI::App &app)
{
    app.require_subcommand(1);
    CLI::App *add = command(app, "add", GrammarText::tr("Make a key and print it, this once"));
    addKeyAdd(*add);
    m_commands.append({add, [this] {
                           return m_keyAdd;
                       }});

    CLI::App *list = command(app, "list", GrammarText::tr("List the keys, without what opens the door"));
    list->add_flag("--json", m_keyList.json, GrammarText::tr("Print a JSON array").toStdString());
    m_commands.append({list, [this] {
                           return m_keyList;
                       }});

    CLI::App *revoke =
        command(app, "revoke", GrammarText::tr("Make a key stop working at once, running answers included"));
    text(*revoke, "key", m_keyRevoke.key, GrammarText::tr("The key's id or name"))
        ->required()
        ->type_name("ID|NAME");
    m_commands.append({revoke, [this] {
                           return m_keyRevoke;
                       }});
}

void AccessGrammar::addKeyAdd(CLI::App &add)
{
    text(add, "--name", m_keyAdd.name, GrammarText::tr("Whose key it is, or what for"))
        ->required()
        ->type_name("NAME");
    adminFlag(add, m_keyAdd.role);
    KeyLimits &limits = m_keyAdd.limits;
    limit(add, "--rate-limit", limits.requestsPerHour, GrammarText::tr("Requests an hour"));
    limit(add, "--rpm", limits.requestsPerMinute, GrammarText::tr("Requests a minute"));
    limit(add, "--tpm", limits.tokensPerMinute, GrammarText::tr("Tokens a minute"));
    limit(add, "--max-concurrent", limits.maxConcurrent, GrammarText::tr("Requests to models at a time"));
    limit(add, "--monthly-tokens", limits.monthlyTokens, GrammarText::tr("Tokens in a calendar month"));
    const auto storeModels = [this](const std::string &value) {
        m_keyAdd.models = QString::fromStdString(value).split(QChar(u','));
    };
    add.add_option_function<std::string>(
           "--models", storeModels,
           GrammarText::tr("The only models that it may use, separated by commas").toStdString())
        ->type_name("A,B");
    const auto storeExpiry = [this](const std::string &value) {
        m_keyAdd.expires = QString::fromStdString(value);
    };
    add.add_option_function<std::string>(
           "--expires", storeExpiry,
           GrammarText::tr("Until when it works: 2027-01-31 (its first second, UTC), or 30d, 12h from now")
               .toStdString())
        ->type_name("WHEN");
}

void AccessGrammar::addUserCommands(CLI::App &app)
{
    app.require_subcommand(1);
    CLI::App *add = command(app, "add",
                            GrammarText::tr("Add a user; the password is asked for, or read as one line from "
                                            "standard input"));
    text(*add, "name", m_userAdd.name, GrammarText::tr("What the user logs in by"))
        ->required()
        ->type_name("NAME");
    adminFlag(*add, m_userAdd.role);
    m_commands.append({add, [this] {
                           return m_userAdd;
                       }});

    CLI::App *list = command(app, "list", GrammarText::tr("List the users"));
    m_commands.append({list, [] {
                           return UserList{};
                       }});

    CLI::App *remove = command(app, "remove", GrammarText::tr("Remove a user"));
    text(*remove, "name", m_userRemove.name, GrammarText::tr("The user's name"))
        ->required()
        ->type_name("NAME");
    m_commands.append({remove, [this] {
                           return m_userRemove;
                       }});
}

} // namespace gatehouse
