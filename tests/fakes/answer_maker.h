// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fakes/answer.h"
#include "fakes/request_reader.h"

#include <QList>

#include <memory>

namespace gatehouse::fakes {

/// A request with all that decides on its answer.
struct Question
{
    const WireRequest &request;
    quint64 id = 0;
    Behaviour base;           ///< Before the request's own wishes.
    QList<QByteArray> models; ///< What the lists of models name.
    MonotonicTime receivedAt;
};

/// The answer to a request of OpenAI's or Ollama's API; 404 elsewhere. The request may change the behaviour
/// with a list as parseBehaviour() takes it: for a POST as the second segment of a path that begins with
/// `/as/` and may go on as it likes up to `/v1/` or `/api/` (`/as/fault=stall@3/any/v1/completions`), after
/// `fake:` in its `user`, its `model` or (up to the first white space) its last message or prompt, or in the
/// header `x-fake`; the later of these wins.
[[nodiscard]] std::unique_ptr<Answer> makeAnswer(const Question &question);

} // namespace gatehouse::fakes
