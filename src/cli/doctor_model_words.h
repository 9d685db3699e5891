// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_backend.h"
#include "cli/doctor_finding.h"
#include "config/settings.h"

#include <chrono>
#include <optional>

namespace gatehouse {

// What the doctor says of a route's models. Pure. What upstreams said may be inside, so these texts may hold
// anything: they are printed by DoctorReport only.

/// The server doesn't tell its models.
/// \param otherReading a route that differs by url or kind, and to which it does.
[[nodiscard]] Finding modelsNotListed(const RouteSettings &route, const Error &error,
                                      const std::optional<RouteSettings> &otherReading);

/// The server speaks TLS where the url says http.
[[nodiscard]] Finding speaksTls(const RouteSettings &route);

/// How many there are, and whether those are among them that the route names.
[[nodiscard]] Finding modelsListed(const RouteSettings &route, const QList<ModelInfo> &models);

/// Whether callers can ask the route for a model by this name.
[[nodiscard]] bool serves(const RouteSettings &route, const QList<ModelInfo> &models, const QString &model);

/// What to ask for a token, by the upstream's own name; empty: there is none.
/// \param defaultModel the one to prefer, as callers call it; may be empty.
[[nodiscard]] QByteArray modelToTry(const RouteSettings &route, const QList<ModelInfo> &models,
                                    const QString &defaultModel);

/// \param isEmbedding it computed a vector, and doesn't chat.
[[nodiscard]] Finding answered(const QByteArray &model, std::chrono::milliseconds time, bool isEmbedding);

/// One token could not be had of this model.
[[nodiscard]] Finding notAnswered(const RouteSettings &route, const QByteArray &model, const Error &error);

/// Whether the model said no to the question, where another kind of question may do better.
[[nodiscard]] bool isNoToTheQuestion(const Error &error);

} // namespace gatehouse
