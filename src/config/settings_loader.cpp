// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings_loader.h"

#include "config/config_text.h"
#include "config/settings_builder.h"
#include "config/settings_rules.h"
#include "config/sources/bounded_file.h"
#include "config/sources/managed_source.h"
#include "config/sources/toml_source.h"
#include "config/sources/variables_source.h"
#include "config/table/setting_table.h"

#include <QDir>
#include <QFileInfo>

#include <algorithm>

namespace gatehouse {

namespace {

constexpr auto readableByOthers = QFileDevice::ReadOther | QFileDevice::WriteOther | QFileDevice::ExeOther;
constexpr auto readableByGroup = QFileDevice::ReadGroup | QFileDevice::WriteGroup;

class Loader
{
public:
    explicit Loader(const ConfigSources &sources)
        : m_sources(sources)
    {}

    LoadedSettings load()
    {
        readConfigFiles();
        readDotEnv();
        QList<Variable> variables;
        for (const QString &name : m_sources.environment.keys())
            variables.append({.name = name, .value = m_sources.environment.value(name)});
        add(readVariables(variables, {.origin = SettingOrigin::Environment}));
        addCommandLine();
        addManagedRoutes();
        return finished();
    }

private:
    void add(const SourceContent &content)
    {
        m_assignments += content.assignments;
        m_loaded.mistakes += content.mistakes;
        m_loaded.warnings += content.warnings;
    }

    [[nodiscard]] QString fromHere(const QString &path) const
    {
        return QDir::cleanPath(QDir(m_sources.workingDirectory).absoluteFilePath(path));
    }

    /// An environment variable that holds an absolute path (the XDG base directory specification has relative
    /// ones ignored).
    [[nodiscard]] QString folderIn(const char *variable) const
    {
        const QString folder = m_sources.environment.value(QString::fromLatin1(variable));
        return QDir::isAbsolutePath(folder) ? QDir::cleanPath(folder) : QString();
    }

    /// The folder that has one of the two files; ours before the system's.
    [[nodiscard]] QString configFolder() const
    {
        QString user = folderIn("XDG_CONFIG_HOME");
        if (user.isEmpty() && !folderIn("HOME").isEmpty())
            user = folderIn("HOME") + QStringLiteral("/.config");
        const QString own = user + QStringLiteral("/gatehouse");
        const auto isUsed = [](const QString &folder) {
            return QFileInfo::exists(folder + QStringLiteral("/gatehouse.toml")) ||
                   QFileInfo::exists(folder + QStringLiteral("/secrets.toml"));
        };
        return !user.isEmpty() && isUsed(own) ? own : m_sources.systemConfigDirectory;
    }

    void readConfigFiles()
    {
        const auto &named = m_sources.commandLine.configFile;
        const QString config = named ? fromHere(*named) : configFolder() + QStringLiteral("/gatehouse.toml");
        const QString secrets = QFileInfo(config).path() + QStringLiteral("/secrets.toml");
        if (named || QFileInfo::exists(config))
            add(tomlFile(config, SettingOrigin::ConfigFile));
        if (QFileInfo::exists(secrets))
            add(tomlFile(secrets, SettingOrigin::SecretsFile));
    }

    /// Nothing where the file can't be read, which has been told then.
    std::optional<BoundedFile> readFile(const SettingSource &source)
    {
        const Result<BoundedFile> file = readBoundedFile(source.file);
        if (!file) {
            m_loaded.mistakes.append({source, file.error().message});
            return std::nullopt;
        }
        m_loaded.files.append(source.file);
        return *file;
    }

    SourceContent tomlFile(const QString &path, SettingOrigin origin)
    {
        const SettingSource source{.origin = origin, .file = path};
        const auto file = readFile(source);
        if (!file)
            return {};
        const SourceContent content = readToml(file->content, source);
        if (origin == SettingOrigin::SecretsFile || holdsSecret(content))
            checkPermissions(*file, source);
        return content;
    }

    static bool holdsSecret(const SourceContent &content)
    {
        return std::any_of(content.assignments.begin(), content.assignments.end(), [](const Assignment &a) {
            const bool isSecret =
                a.route.isEmpty() ? isSecretIn(settingTable(), a.key) : isSecretIn(routeFieldTable(), a.key);
            const auto table = textTableOf(a.value);
            if (isSecret && table && !table->entries.isEmpty())
                return true;
            const QString text = textOf(a.value).value_or(QString());
            const bool isAddress = text.contains(QLatin1String("://"));
            // Where to find a database is no secret, a password on the way there is one.
            return isSecret && !text.isEmpty() &&
                   (!isAddress || text.contains(QChar(u'@')) || text.contains(QChar(u'?')));
        });
    }

    template <typename Object>
    static bool isSecretIn(const std::vector<SettingSpec<Object>> &table, const QString &key)
    {
        return std::any_of(table.begin(), table.end(), [&key](const auto &spec) {
            return isSecret(spec.binding.form) && key == QLatin1String(spec.key);
        });
    }

    /// A secrets file that everybody may read is refused. That its group may, is the usual way to let a
    /// service read what only root may change (root:gatehouse 0640).
    void checkPermissions(const BoundedFile &file, const SettingSource &source)
    {
        const bool isSecrets = source.origin == SettingOrigin::SecretsFile;
        if (file.permissions & readableByOthers) {
            const QString text = ConfigText::tr("holds secrets, and every user may read it: chmod o= %1");
            (isSecrets ? m_loaded.mistakes : m_loaded.warnings).append({source, text.arg(source.file)});
        } else if ((file.permissions & readableByGroup) && !file.isOwnedByRoot) {
            m_loaded.warnings.append({source, ConfigText::tr("holds secrets, and its group may read it")});
        }
    }

    void readDotEnv()
    {
        const auto &named = m_sources.commandLine.envFile;
        const QString path = fromHere(named ? *named : QStringLiteral(".env"));
        if (!named && !QFileInfo::exists(path))
            return;
        SettingSource source{.origin = SettingOrigin::DotEnv, .file = path};
        const auto file = readFile(source);
        if (!file)
            return;
        const DotEnvFile parsed = parseDotEnv(file->content);
        for (const int line : parsed.badLines) {
            source.line = line;
            m_loaded.mistakes.append({source, ConfigText::tr("expects NAME=value in UTF-8")});
        }
        add(readVariables(parsed.variables, source));
    }

    void addOption(const char *option, const char *key, const std::optional<QString> &value)
    {
        if (value)
            m_assignments.append(
                {.key = QString::fromLatin1(key),
                 .value = RawText{*value},
                 .source = {.origin = SettingOrigin::CommandLine, .name = QString::fromLatin1(option)}});
    }

    void addCommandLine()
    {
        const CommandLineSettings &line = m_sources.commandLine;
        addOption("--host", "server.host", line.host);
        addOption("--port", "server.port", line.port);
        addOption("--data-dir", "data_dir", line.dataDir);
        if (line.lan)
            addOption("--lan", "server.host", QStringLiteral("0.0.0.0"));
    }

    [[nodiscard]] QString defaultDataDir() const
    {
        const QString service =
            m_sources.environment.value(QStringLiteral("STATE_DIRECTORY")).section(QChar(u':'), 0, 0);
        if (QDir::isAbsolutePath(service))
            return QDir::cleanPath(service);
        if (const QString data = folderIn("XDG_DATA_HOME"); !data.isEmpty())
            return data + QStringLiteral("/gatehouse");
        if (const QString home = folderIn("HOME"); !home.isEmpty())
            return home + QStringLiteral("/.local/share/gatehouse");
        return QStringLiteral("/var/lib/gatehouse");
    }

    [[nodiscard]] QString dataDir() const
    {
        const QString written = buildDraft(m_assignments, m_sources.workingDirectory).settings.dataDir;
        return written.isEmpty() ? defaultDataDir() : written;
    }

    /// The lowest source, and yet the last one: where it is, is a setting, and its routes come behind the
    /// operator's.
    void addManagedRoutes()
    {
        const QString file = m_sources.managedRoutesFile.isEmpty() ? managedRoutesFile(dataDir())
                                                                   : m_sources.managedRoutesFile;
        if (m_sources.managedRoutes)
            add(withoutRoutesOf(m_assignments, managedContent(*m_sources.managedRoutes, file)));
        else if (QFileInfo::exists(file))
            add(withoutRoutesOf(m_assignments, tomlFile(file, SettingOrigin::ManagedRoutes)));
    }

    LoadedSettings finished()
    {
        SettingsDraft draft = buildDraft(m_assignments, m_sources.workingDirectory);
        applyRules(draft, {.hasEngine = m_sources.hasEngine,
                           .defaultDataDir = defaultDataDir(),
                           .judgedRoute = m_sources.judgedRoute});
        m_loaded.values = effectiveValues(draft);
        m_loaded.mistakes += draft.mistakes;
        m_loaded.warnings += draft.warnings;
        if (m_loaded.mistakes.isEmpty())
            m_loaded.settings = std::make_shared<const Settings>(std::move(draft.settings));
        return m_loaded;
    }

    const ConfigSources &m_sources;
    QList<Assignment> m_assignments;
    LoadedSettings m_loaded;
};

} // namespace

bool isEngineBuiltIn()
{
#ifdef GATEHOUSE_HAS_ENGINE
    return true;
#else
    return false;
#endif
}

Result<SettingsPtr> LoadedSettings::result() const
{
    if (settings)
        return settings;
    QStringList lines;
    for (const ConfigMessage &mistake : mistakes)
        lines.append(mistake.toString());
    return Error{.code = ErrorCode::InvalidRequest, .message = lines.join(QChar(u'\n'))};
}

LoadedSettings loadSettings(const ConfigSources &sources)
{
    return Loader(sources).load();
}

} // namespace gatehouse
