// SPDX-License-Identifier: GPL-3.0-or-later
#include "fault_cell.h"

namespace {

using Shows = Fault::Shows;
using Told = Fault::Told;

QByteArray typeOf(int status)
{
    switch (status) {
    case 404:
        return "not_found_error";
    case 429:
        return "requests";
    default:
        return status < 500 ? "invalid_request_error" : "server_error";
    }
}

} // namespace

QByteArray FaultCell::name() const
{
    return QByteArray(fault->name) + "; " + (upstream == UpstreamKind::OpenAi ? "openai" : "ollama") + "; " +
           door->name;
}

/// When the fault shows to this client.
Shows FaultCell::shows() const
{
    const bool isFolded = !door->streams;
    if (!door->tellsText() && QByteArrayView(fault->wish).startsWith("tokens"))
        return Shows::Never;
    if (fault->shows == Shows::Never && isFolded && fault->harmsFolded)
        return Shows::First; // The length of an answer in one piece is its end.
    if (fault->shows <= Shows::First)
        return fault->shows;
    if (isFolded)
        return fault->harmsFolded ? Shows::First : Shows::Never;
    // Where an event says why the answer ended, nothing is missing without `[DONE]`.
    if (fault->shows == Shows::AtEnd && upstream == UpstreamKind::OpenAi)
        return Shows::Never;
    return fault->shows;
}

ExpectedAnswer FaultCell::expected() const
{
    const Shows when = shows();
    if (when == Shows::Never)
        return {};
    ExpectedAnswer expected = failure();
    expected.isComplete = false;
    expected.hasText = when == Shows::AfterText || when == Shows::AtEnd;
    if (expected.hasText && !door->isSocket())
        expected.status = 200;
    return expected;
}

/// What the error is, wherever it is told.
ExpectedAnswer FaultCell::failure() const
{
    const bool isOpenAi = upstream == UpstreamKind::OpenAi;
    switch (fault->told) {
    case Told::Unreachable:
        return {.status = 502,
                .error = "upstream_unreachable",
                .type = "server_error",
                .code = "upstream_unreachable"};
    case Told::Failed:
        return {.status = 502, .error = "upstream_failed", .type = "server_error", .code = "upstream_failed"};
    case Told::Timeout:
        return {
            .status = 504, .error = "upstream_timeout", .type = "server_error", .code = "upstream_timeout"};
    case Told::ErrorObject:
        return {.status = 502,
                .error = "upstream_failed",
                .type = "server_error",
                .code = isOpenAi ? "fake_500" : "upstream_failed",
                .words = "the fake upstream fails"};
    case Told::Refusal:
        break;
    }
    const QByteArray status = QByteArray::number(fault->status);
    const bool isOurs = fault->status < 500;
    const QByteArray ownCode = isOurs ? "" : "upstream_failed";
    return {.status = isOurs ? fault->status : 502,
            .error = isOurs ? "upstream_rejected" : "upstream_failed",
            .type = typeOf(fault->status),
            .code = isOpenAi ? "fake_" + status : ownCode,
            .words = "the fake upstream answers " + status,
            .retryAfter = fault->retryAfter};
}

QList<FaultCell> allCells(const QList<Fault> &faults, const QList<Door> &doors)
{
    QList<FaultCell> cells;
    for (const Fault &fault : faults) {
        for (const UpstreamKind upstream : {UpstreamKind::OpenAi, UpstreamKind::Ollama}) {
            for (const Door &door : doors)
                cells.append(
                    {.number = int(cells.size()), .fault = &fault, .door = &door, .upstream = upstream});
        }
    }
    return cells;
}
