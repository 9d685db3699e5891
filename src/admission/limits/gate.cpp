// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/gate.h"

#include <QCoreApplication>

#include <algorithm>

namespace gatehouse {

namespace {

class Texts
{
    Q_DECLARE_TR_FUNCTIONS(Limits)
public:
    static QString of(Gate gate)
    {
        switch (gate) {
        case Gate::AddressBlock:
            return tr("This address has been shut out for a while, because it went on asking after it was "
                      "refused.");
        case Gate::AddressMinute:
        case Gate::AddressBurst:
            return tr("Too many requests from this address.");
        case Gate::KeyHour:
            return tr("This API key has used up its requests of the hour.");
        case Gate::KeyMinute:
            return tr("This API key has used up its requests of the minute.");
        case Gate::TooLarge:
            return tr("The request is too large: its prompt alone has more tokens than this API key may use "
                      "in a minute.");
        case Gate::Budget:
            return tr("This API key has used up its tokens of the month.");
        case Gate::TokensPerMinute:
            return tr("This API key has used up its tokens of the minute.");
        case Gate::BudgetInUse:
            return tr("What is left of this API key's tokens of the month is reserved by requests that are "
                      "still running.");
        case Gate::Concurrency:
            return tr("This API key has as many requests running as it may have at once.");
        }
        Q_UNREACHABLE();
    }
};

QByteArray reasonOf(Gate gate)
{
    switch (gate) {
    case Gate::AddressBlock:
        return "address_blocked";
    case Gate::TooLarge:
        return "request_too_large";
    case Gate::Budget:
        return "insufficient_quota";
    case Gate::AddressMinute:
    case Gate::AddressBurst:
    case Gate::KeyHour:
    case Gate::KeyMinute:
    case Gate::TokensPerMinute:
    case Gate::BudgetInUse:
    case Gate::Concurrency:
        return "rate_limit_exceeded";
    }
    Q_UNREACHABLE();
}

} // namespace

Refusal makeRefusal(const Stop &stop, const RateFigures &figures)
{
    const auto wait = std::max(std::chrono::ceil<std::chrono::seconds>(stop.wait), std::chrono::seconds(1));
    return {.error = {.code = ErrorCode::RateLimited,
                      .message = Texts::of(stop.gate),
                      .reason = reasonOf(stop.gate),
                      .retryAfter = wait},
            .figures = figures};
}

RateFigures::Figure makeFigure(qint64 limit, qint64 used, std::chrono::milliseconds untilWhole)
{
    return {.limit = limit,
            .remaining = std::max<qint64>(limit - used, 0),
            // Windows count in milliseconds rounded up: a whole minute must not read as 61 s.
            .reset = std::chrono::ceil<std::chrono::seconds>(untilWhole - std::chrono::milliseconds(1))};
}

std::optional<RateFigures::Figure> tighter(const std::optional<RateFigures::Figure> &usual,
                                           const std::optional<RateFigures::Figure> &other)
{
    if (!usual || !other)
        return usual ? usual : other;
    return other->remaining < usual->remaining ? other : usual;
}

} // namespace gatehouse
