// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/database_target.h"

#include <QCoreApplication>
#include <QDir>
#include <QRegularExpression>
#include <QUrl>

#include <array>

namespace gatehouse {
namespace {

Error unusable(const char *message)
{
    return {ErrorCode::InvalidRequest, QCoreApplication::translate("DatabaseTarget", message)};
}

QString decoded(QStringView text)
{
    return QUrl::fromPercentEncoding(text.toUtf8());
}

/// What libpq may be told beyond the URL's own parts. Whatever could run something or read a file other than
/// a certificate stays out.
bool isLibpqOption(QStringView name)
{
    static constexpr std::array known = {"sslmode",
                                         "sslrootcert",
                                         "sslcert",
                                         "sslkey",
                                         "sslcrl",
                                         "gssencmode",
                                         "channel_binding",
                                         "application_name",
                                         "connect_timeout",
                                         "keepalives",
                                         "options",
                                         "keepalives_idle",
                                         "keepalives_interval",
                                         "keepalives_count",
                                         "tcp_user_timeout",
                                         "sslsni",
                                         "target_session_attrs"};
    return std::any_of(known.begin(), known.end(),
                       [&](const char *each) { return name == QLatin1String(each); });
}

/// What tunes asyncpg or SQLAlchemy and means nothing here.
bool isForeignOption(QStringView name)
{
    static constexpr std::array known = {"prepared_statement_cache_size", "statement_cache_size",
                                         "command_timeout", "timeout", "async_fallback"};
    return std::any_of(known.begin(), known.end(),
                       [&](const char *each) { return name == QLatin1String(each); });
}

Result<void> addOption(DatabaseTarget &target, const QString &name, QString value)
{
    // The driver splits at `;`, and nothing escapes that.
    if (value.contains(u';') || value.contains(QChar(0)))
        return unusable(
            QT_TRANSLATE_NOOP("DatabaseTarget", "DATABASE_URL has a parameter with a bad value."));
    value.replace(u'\\', QLatin1String("\\\\")).replace(u'\'', QLatin1String("\\'"));
    if (!target.options.isEmpty())
        target.options += u';';
    target.options += name + QLatin1String("='") + value + u'\'';
    return {};
}

Result<void> setPort(DatabaseTarget &target, QStringView text)
{
    bool isNumber = false;
    target.port = text.toInt(&isNumber);
    if (!isNumber || target.port < 1 || target.port > 65535)
        return unusable(QT_TRANSLATE_NOOP("DatabaseTarget", "DATABASE_URL has a port that is no port."));
    return {};
}

Result<void> takeParameter(DatabaseTarget &target, const QString &name, const QString &value)
{
    if (name == QLatin1String("host")) {
        target.host = value;
    } else if (name == QLatin1String("port")) {
        return setPort(target, value);
    } else if (name == QLatin1String("user")) {
        target.user = value;
    } else if (name == QLatin1String("password")) {
        target.password = Secret(value.toUtf8());
    } else if (name == QLatin1String("ssl")) { // asyncpg's name of it.
        return addOption(target, QStringLiteral("sslmode"),
                         value == QLatin1String("true") ? QStringLiteral("require") : value);
    } else if (isLibpqOption(name)) {
        return addOption(target, name, value);
    } else if (!isForeignOption(name)) {
        return unusable(QT_TRANSLATE_NOOP("DatabaseTarget", "DATABASE_URL has an unknown parameter."));
    }
    return {};
}

Result<void> takeParameters(DatabaseTarget &target, QStringView query)
{
    for (const QStringView pair : query.split(u'&', Qt::SkipEmptyParts)) {
        const qsizetype equals = pair.indexOf(u'=');
        if (equals <= 0)
            return unusable(
                QT_TRANSLATE_NOOP("DatabaseTarget", "DATABASE_URL has a parameter without a value."));
        auto taken = takeParameter(target, decoded(pair.first(equals)), decoded(pair.sliced(equals + 1)));
        if (!taken)
            return taken;
    }
    return {};
}

/// What follows `://`. Read as SQLAlchemy does, which lets a password hold `#`, `/` and `?`.
Result<DatabaseTarget> parsePostgres(const QString &rest)
{
    static const QRegularExpression form(
        QStringLiteral(R"(^(?:([^:/@]*)(?::([^@]*))?@)?(?:\[([^\]/?]+)\]|([^:/?\[\]]*))(?::([^/?]*))?)"
                       R"((?:/([^?]*))?(?:\?(.*))?$)"),
        QRegularExpression::DotMatchesEverythingOption);
    const auto match = form.match(rest);
    if (!match.hasMatch())
        return unusable(QT_TRANSLATE_NOOP("DatabaseTarget", "DATABASE_URL is not of the form "
                                                            "postgresql://user:password@host:port/name."));
    DatabaseTarget target;
    target.engine = SqlEngine::PostgreSql;
    target.user = decoded(match.capturedView(1));
    target.password = Secret(QByteArray::fromPercentEncoding(match.capturedView(2).toUtf8()));
    target.host = decoded(match.hasCaptured(3) ? match.capturedView(3) : match.capturedView(4));
    target.name = decoded(match.capturedView(6));
    auto taken = match.capturedView(5).isEmpty() ? Result<void>() : setPort(target, match.capturedView(5));
    if (taken)
        taken = takeParameters(target, match.capturedView(7));
    if (!taken)
        return std::move(taken).error();
    if (target.name.isEmpty())
        return unusable(QT_TRANSLATE_NOOP("DatabaseTarget", "DATABASE_URL names no database."));
    if (target.host.isEmpty())
        target.host = QStringLiteral("localhost");
    return target;
}

Result<DatabaseTarget> parseSqlite(const QString &rest, const QString &dataDir)
{
    const QString path = decoded(QStringView(rest).sliced(rest.startsWith(u'/') ? 1 : 0));
    // A database in memory would be another one for each connection.
    if (!rest.startsWith(u'/') || path.isEmpty() || path.endsWith(u'/') || path.startsWith(u':') ||
        rest.contains(u'?') || path.contains(QChar(0)))
        return unusable(QT_TRANSLATE_NOOP("DatabaseTarget",
                                          "DATABASE_URL names no file: write "
                                          "sqlite:///relative.db or sqlite:////absolute.db."));
    DatabaseTarget target;
    target.file = QDir::cleanPath(QDir(dataDir).absoluteFilePath(path));
    return target;
}

} // namespace

Result<DatabaseTarget> parseDatabaseUrl(const QString &url, const QString &dataDir)
{
    if (url.trimmed().isEmpty())
        return parseSqlite(QStringLiteral("/gatehouse.db"), dataDir);
    static const QRegularExpression start(QStringLiteral(R"(^\s*(\w+)(?:\+\w+)?://(.*?)\s*$)"),
                                          QRegularExpression::DotMatchesEverythingOption);
    const auto match = start.match(url);
    const QString scheme = match.captured(1).toLower();
    if (scheme == QLatin1String("sqlite"))
        return parseSqlite(match.captured(2), dataDir);
    if (scheme == QLatin1String("postgresql") || scheme == QLatin1String("postgres"))
        return parsePostgres(match.captured(2));
    return unusable(QT_TRANSLATE_NOOP("DatabaseTarget",
                                      "DATABASE_URL is neither a postgresql:// nor an sqlite:// address."));
}

} // namespace gatehouse
