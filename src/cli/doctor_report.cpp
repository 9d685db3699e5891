// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/doctor_report.h"

#include "cli/doctor_model_words.h"
#include "config/route_kind.h"
#include "config/table/setting_spec.h"

#include <QCoreApplication>

#include <algorithm>

namespace gatehouse {

namespace {

using Step = Finding::Step;
using Grade = Finding::Grade;

struct ReportText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::DoctorReport)
};

QString nameOf(Step step)
{
    switch (step) {
    case Step::File:
        return ReportText::tr("file");
    case Step::Name:
        return ReportText::tr("name");
    case Step::Connection:
        return ReportText::tr("connection");
    case Step::Encryption:
        return ReportText::tr("encryption");
    case Step::Models:
        return ReportText::tr("models");
    case Step::Token:
        return ReportText::tr("one token");
    }
    Q_UNREACHABLE();
}

QString nameOf(Grade grade)
{
    switch (grade) {
    case Grade::Ok:
        return ReportText::tr("ok");
    case Grade::Warning:
        return ReportText::tr("warning");
    case Grade::Failed:
        return ReportText::tr("failed");
    }
    Q_UNREACHABLE();
}

template <typename Word, std::size_t n>
qsizetype widest(const Word (&words)[n])
{
    qsizetype width = 0;
    for (const Word word : words)
        width = std::max(width, nameOf(word).size());
    return width;
}

QString line(const QString &first, const QString &second, const QString &text)
{
    const qsizetype steps =
        widest({Step::File, Step::Name, Step::Connection, Step::Encryption, Step::Models, Step::Token});
    const qsizetype grades = widest({Grade::Ok, Grade::Warning, Grade::Failed});
    return QStringLiteral("  ") + first.leftJustified(steps + 2) + second.leftJustified(grades + 2) + text;
}

/// In every form in which an upstream may have seen them. The longest first, as one may hold another.
QStringList secretsOf(const RouteSettings &route)
{
    QStringList secrets{QString::fromUtf8(route.apiKey.reveal()), route.url.password()};
    for (const RouteHeader &header : route.headers)
        secrets.append(QString::fromUtf8(header.value.reveal()));
    const QByteArray pair = (route.url.userName() + u':' + route.url.password()).toUtf8();
    if (!route.url.password().isEmpty())
        secrets.append({QString::fromLatin1(pair.toBase64()), route.url.password(QUrl::FullyEncoded)});
    secrets.removeAll(QString());
    std::ranges::sort(secrets, std::ranges::greater(), &QString::size);
    return secrets;
}

QString placeOf(const RouteSettings &route)
{
    if (route.kind != RouteKind::Local)
        return maskedUrl(route.url.toString());
    return route.path.isEmpty() ? ReportText::tr("the built-in demo model") : route.path;
}

} // namespace

void DoctorReport::begin(const RouteSettings &route)
{
    ++m_routes;
    m_worst = Grade::Ok;
    m_secrets = secretsOf(route);
    m_out << shown(ReportText::tr("route %1: %2, %3")
                       .arg(route.key, QLatin1String(kindWord(route.kind)), placeOf(route)))
          << Qt::endl;
}

void DoctorReport::add(const Finding &finding)
{
    m_worst = std::max(m_worst, finding.grade);
    m_out << line(nameOf(finding.step), nameOf(finding.grade), shown(finding.text)) << Qt::endl;
}

void DoctorReport::end()
{
    if (m_worst != Grade::Failed)
        ++m_usable;
    const QString verdict =
        m_worst == Grade::Failed ? ReportText::tr("not usable") : ReportText::tr("usable");
    m_out << QStringLiteral("  ") << verdict << '\n' << Qt::endl;
}

void DoctorReport::addUnserved(const QString &defaultModel)
{
    m_out << shown(
                 ReportText::tr("warning: no route serves \"%1\", which is model.default").arg(defaultModel))
          << Qt::endl;
}

void DoctorReport::sumUp()
{
    if (m_routes == 0)
        m_out << ReportText::tr("There is no route, so no request can be answered.") << Qt::endl;
    else
        m_out << ReportText::tr("%1 of %n route(s) usable.", nullptr, m_routes).arg(m_usable) << Qt::endl;
}

QString DoctorReport::shown(QString text) const
{
    for (const QString &secret : m_secrets)
        text.replace(secret, QStringLiteral("********"));
    std::ranges::replace_if(
        text, [](QChar c) { return !c.isPrint() && !c.isSurrogate(); }, QChar(QChar::ReplacementCharacter));
    return text;
}

} // namespace gatehouse
