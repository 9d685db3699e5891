// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/caller.h"
#include "base/clock.h"
#include "chat/chat_event.h"

namespace gatehouse {

/// How a request ended.
enum class Outcome {
    Answered,  ///< The answer is complete; it may be a refusal, see `error`.
    Failed,    ///< It broke off; `error` says why.
    Abandoned, ///< The caller went away first.
};

/// A route that was asked and could not answer (see routeFailure()).
struct FailedAttempt
{
    QByteArray route;
    Error error;
};

/// The part of a record that a request to a model adds.
struct InferenceRecord
{
    QByteArray model;           ///< The name it was answered under; empty while unresolved.
    QByteArray askedModel = {}; ///< As the caller called it; empty: he named none.
    QByteArray route;
    Usage usage;
    std::optional<FinishReason> finishReason = {}; ///< Of the last choice that finished.
    MonotonicTime handedOver = {};                 ///< When the backend was asked.
    std::optional<MonotonicTime> firstToken = {};
    bool fromCache = false; ///< Answered without asking the model.
    /// Every route that was asked and failed, in order; the last one may be the reason of the whole failure,
    /// of the others the caller has learnt nothing.
    QList<FailedAttempt> failedAttempts = {};
    std::chrono::milliseconds waited{0}; ///< For places at busy routes.
};

/// All that is kept of one request, filled in as it passes and settled once.
struct RequestRecord
{
    QByteArray requestId;
    QByteArray method;
    QByteArray endpoint; ///< The route's pattern, never a raw path.
    Caller caller;
    QHostAddress client; ///< Whose address it is, behind trusted proxies, too.
    bool isKept = true;  ///< It goes into the ledger, too; probes of health and the like don't.
    WallTime wallStart{};
    MonotonicTime start{}; ///< First byte of the request.
    MonotonicTime end{};

    Outcome outcome = Outcome::Abandoned;
    int status = 0; ///< The status line that the client was sent; 0: none was.
    std::optional<Error> error;
    std::optional<InferenceRecord> inference;
};

} // namespace gatehouse
