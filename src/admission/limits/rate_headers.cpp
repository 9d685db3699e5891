// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/rate_headers.h"

namespace gatehouse {

namespace {

void append(QList<QPair<QByteArray, QByteArray>> &headers, const QByteArray &kind,
            const std::optional<RateFigures::Figure> &figure)
{
    if (!figure)
        return;
    headers.append({"x-ratelimit-limit-" + kind, QByteArray::number(figure->limit)});
    headers.append({"x-ratelimit-remaining-" + kind, QByteArray::number(figure->remaining)});
    headers.append({"x-ratelimit-reset-" + kind, spanText(figure->reset)});
}

} // namespace

QList<QPair<QByteArray, QByteArray>> rateHeaders(const RateFigures &figures)
{
    QList<QPair<QByteArray, QByteArray>> headers;
    append(headers, "requests", figures.requests);
    append(headers, "tokens", figures.tokens);
    return headers;
}

QByteArray spanText(std::chrono::seconds span)
{
    const std::chrono::hh_mm_ss parts(span);
    QByteArray text;
    if (parts.hours().count() > 0)
        text += QByteArray::number(qint64(parts.hours().count())) + 'h';
    if (!text.isEmpty() || parts.minutes().count() > 0)
        text += QByteArray::number(qint64(parts.minutes().count())) + 'm';
    return text + QByteArray::number(qint64(parts.seconds().count())) + 's';
}

} // namespace gatehouse
