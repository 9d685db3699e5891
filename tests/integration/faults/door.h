// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

/// How a client asks, and how it is answered.
struct Door
{
    enum class Answers {
        OpenAi,  ///< Chunks and `[DONE]`, or one object.
        Native,  ///< `token` and `done`, or one object.
        Vectors, ///< One object.
        Socket,  ///< `token` and `done`, each a message of a WebSocket.
    };

    const char *name;
    const char *path;
    const char *question; ///< Members of the body besides `model` and `stream`.
    Answers answers;
    bool streams;

    [[nodiscard]] QByteArray body(const QByteArray &model) const;
    [[nodiscard]] bool tellsText() const { return answers != Answers::Vectors; }
    [[nodiscard]] bool isSocket() const { return answers == Answers::Socket; }
    /// Errors have a `detail` there (contract §7).
    [[nodiscard]] bool hasDetail() const { return QByteArrayView(path).startsWith("/api/"); }
};

[[nodiscard]] const QList<Door> &allDoors();
/// One of each way to answer.
[[nodiscard]] const QList<Door> &fewDoors();
