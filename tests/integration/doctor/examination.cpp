// SPDX-License-Identifier: GPL-3.0-or-later
#include "examination.h"

#include <QRegularExpression>
#include <QSignalSpy>

namespace gatehouse::test {

QString Examination::finding(const char *step, const char *grade) const
{
    const QRegularExpression line(
        QStringLiteral("^  %1 +%2 +(.*)$").arg(QString::fromLatin1(step), QString::fromLatin1(grade)),
        QRegularExpression::MultilineOption);
    return line.match(text).captured(1);
}

RouteSettings routeTo(const QUrl &url, RouteKind kind)
{
    using namespace std::chrono_literals;
    RouteSettings route;
    route.key = QStringLiteral("box");
    route.kind = kind;
    route.url = url;
    route.timeouts = {.connect = 2s, .read = 2s, .write = 2s, .total = 3s};
    return route;
}

Examination examine(const Settings &settings, const QString &routeKey, const LocalBackendMaker &makeLocal)
{
    constexpr int patience = 60'000;
    Examination examination;
    QTextStream out(&examination.text);
    Doctor doctor(std::make_shared<const Settings>(settings), makeLocal, out);
    QSignalSpy finished(&doctor, &Doctor::finished);
    doctor.start(routeKey);
    if (finished.wait(patience))
        examination.exitCode = finished.first().first().toInt();
    return examination;
}

Examination examine(const RouteSettings &route)
{
    Settings settings;
    settings.routes = {route};
    return examine(settings);
}

} // namespace gatehouse::test
