// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/table/value_rules.h"

#include <QHostAddress>
#include <QRegularExpression>
#include <QUrl>

#include <algorithm>

namespace gatehouse {

namespace {

constexpr qsizetype longestName = 256;
constexpr qsizetype longestCredential = 4096;

bool matches(const QString &text, const QRegularExpression &form)
{
    return form.match(text).hasMatch();
}

bool isPrintable(const QString &text)
{
    return std::all_of(text.begin(), text.end(), [](QChar c) { return c.isPrint() || c.isSurrogate(); });
}

std::optional<QString> textIf(bool holds, const QString &text)
{
    return holds ? std::optional(text) : std::nullopt;
}

} // namespace

std::optional<QString> hostText(const QString &text)
{
    static const QRegularExpression name(
        QStringLiteral("\\A(?=.{1,253}\\z)[a-z0-9_]([a-z0-9_-]{0,62})(\\.[a-z0-9_]([a-z0-9_-]{0,62}))*\\z"),
        QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression numbers(QStringLiteral("\\A[0-9.]+\\z")); // 127.1 and 1 are no names.
    QString host = text.trimmed();
    if (host.startsWith(QChar(u'[')) && host.endsWith(QChar(u']')))
        host = host.sliced(1, host.size() - 2);
    if (matches(host, numbers))
        return textIf(host.count(QChar(u'.')) == 3 && !QHostAddress(host).isNull(), host);
    return textIf(!QHostAddress(host).isNull() || matches(host, name), host);
}

std::optional<QString> modelText(const QString &text)
{
    const QString model = text.trimmed();
    return textIf(!model.isEmpty() && model.size() <= longestName && isPrintable(model), model);
}

std::optional<QString> optionalModelText(const QString &text)
{
    return text.isEmpty() ? std::optional(text) : modelText(text);
}

std::optional<QString> routeKeyText(const QString &text)
{
    static const QRegularExpression form(QStringLiteral("\\A[a-z0-9][a-z0-9_.-]{0,63}\\z"));
    const QString key = text.trimmed().toLower();
    return textIf(matches(key, form), key);
}

std::optional<QString> optionalRouteKeyText(const QString &text)
{
    return text.isEmpty() ? std::optional(text) : routeKeyText(text);
}

std::optional<QString> originText(const QString &text)
{
    // Apps of Tauri, Capacitor and browser extensions have schemes of their own. A browser sends the host
    // in lower case and leaves out the scheme's own port.
    static const QRegularExpression form(QStringLiteral(
        "\\A[a-z][a-z0-9+.-]{0,31}://([a-z0-9_.-]{1,253}|\\[[0-9a-f:.]{2,45}\\])(:[0-9]{1,5})?\\z"));
    QString origin = text.trimmed().toLower();
    if (origin == QLatin1String("*"))
        return origin;
    if (origin.endsWith(QChar(u'/')) && !origin.endsWith(QLatin1String("//")))
        origin.chop(1);
    for (const auto &[scheme, port] : {std::pair("http://", ":80"), std::pair("https://", ":443")}) {
        if (origin.startsWith(QLatin1String(scheme)) && origin.endsWith(QLatin1String(port)))
            origin.chop(QLatin1String(port).size());
    }
    return textIf(matches(origin, form), origin);
}

std::optional<QString> networkText(const QString &text)
{
    const QString network = text.trimmed();
    const QStringList parts = network.split(QChar(u'/'));
    const QHostAddress address(parts.first());
    if (address.isNull() || parts.size() > 2)
        return std::nullopt;
    if (parts.size() == 1)
        return network;
    bool ok = false;
    const int bits = parts.last().toInt(&ok);
    const int most = address.protocol() == QAbstractSocket::IPv4Protocol ? 32 : 128;
    return textIf(ok && bits >= 0 && bits <= most, network);
}

std::optional<QString> pathText(const QString &text)
{
    static const QRegularExpression form(QStringLiteral("\\A/[!-~]{0,1023}\\z"));
    return textIf(matches(text, form), text);
}

std::optional<QString> fileText(const QString &text)
{
    constexpr qsizetype longestPath = 4096;
    return textIf(text.size() <= longestPath && !text.contains(QChar(0)), text);
}

std::optional<QString> credentialText(const QString &text)
{
    const bool isVisible = std::all_of(text.begin(), text.end(),
                                       [](QChar c) { return c.unicode() > 0x20 && c.unicode() < 0x7f; });
    return textIf(isVisible && text.size() <= longestCredential, text);
}

std::optional<QString> headerNameText(const QString &text)
{
    static const QRegularExpression token(QStringLiteral("\\A[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}\\z"));
    return textIf(matches(text, token), text);
}

std::optional<QString> headerValueText(const QString &text)
{
    const bool isField = !text.isEmpty() && text.size() <= longestCredential && isPrintable(text);
    return textIf(isField && !text.front().isSpace() && !text.back().isSpace(), text);
}

std::optional<QString> passphraseText(const QString &text)
{
    const bool isPrintable =
        std::all_of(text.begin(), text.end(), [](QChar c) { return c.category() != QChar::Other_Control; });
    return textIf(isPrintable && text.size() <= longestCredential, text);
}

std::optional<QString> databaseUrlText(const QString &text)
{
    static const QRegularExpression form(
        QStringLiteral("\\A(postgres(ql)?(\\+[a-z0-9]+)?://.+|sqlite(\\+[a-z0-9]+)?:///.+)?\\z"),
        QRegularExpression::CaseInsensitiveOption);
    const QString url = text.trimmed();
    return textIf(matches(url, form) && passphraseText(url), url);
}

std::optional<QString> redisUrlText(const QString &text)
{
    static const QRegularExpression form(QStringLiteral("\\A(redis://[^/\\s]\\S*|unix://(\\S*@)?/\\S+)\\z"));
    const QString url = text.trimmed();
    return textIf(matches(url, form) && passphraseText(url), url);
}

std::optional<QString> upstreamText(const QString &text)
{
    QString plain = text.trimmed();
    while (plain.endsWith(QChar(u'/')))
        plain.chop(1);
    const QUrl url(plain, QUrl::StrictMode);
    const bool isHttp = url.scheme() == QLatin1String("http") || url.scheme() == QLatin1String("https");
    const bool isBare = url.userInfo().isEmpty() && !url.hasQuery() && !url.hasFragment();
    return textIf(url.isValid() && isHttp && !url.host().isEmpty() && url.port() != 0 && isBare, plain);
}

} // namespace gatehouse
